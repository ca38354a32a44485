// Keyboard shortcuts. None of them is needed: each does what a link or a button does, too.

const help = [
  ['?', 'Show this list'],
  ['j', 'Next pipeline or step'],
  ['k', 'Previous pipeline or step'],
  ['o', 'Open or close the step'],
  ['/', 'Search the open log, or filter the list by branch'],
  ['n', 'Next match'],
  ['N', 'Previous match'],
  ['f', 'Follow the end of the log'],
  ['t', 'Show timestamps'],
  ['↑ ↓', 'From one line number to the next, when one has the focus'],
  ['Enter', 'Link to that line; with Shift, to all lines up to it'],
];

const stops = '.pipeline .subject, .receipts .subject, .step > summary, .node';

function dialog() {
  const box = document.createElement('dialog');
  box.className = 'keys';
  box.setAttribute('aria-labelledby', 'keys-title');
  const title = document.createElement('h2');
  title.id = 'keys-title';
  title.textContent = 'Keyboard shortcuts';
  const list = document.createElement('dl');
  for (const [key, what] of help) {
    const dt = document.createElement('dt');
    const kbd = document.createElement('kbd');
    kbd.textContent = key;
    dt.append(kbd);
    const dd = document.createElement('dd');
    dd.textContent = what;
    list.append(dt, dd);
  }
  const close = document.createElement('button');
  close.className = 'button';
  close.textContent = 'Close';
  close.addEventListener('click', () => box.close());
  box.append(title, list, close);
  box.addEventListener('close', () => box.remove());
  document.body.append(box);
  box.showModal();
}

// Where a walk begins: at the step that is open, for that is the one that failed or runs; else at an end.
function first(all, by) {
  const open = all.findIndex((one) => one.matches('.step[open] > summary'));
  if (open >= 0) return open;
  return by > 0 ? 0 : all.length - 1;
}

function step(by) {
  const all = [...document.querySelectorAll(stops)];
  const at = all.indexOf(document.activeElement);
  const next = all[at < 0 ? first(all, by) : at + by];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}

// The log that is read: the one with the focus, else the first open one.
function log() {
  const focused = document.activeElement?.closest('.step');
  const step = focused?.open ? focused : document.querySelector('.step[open]');
  return step?.querySelector('log-view');
}

const actions = {
  '?': dialog,
  j: () => step(1),
  k: () => step(-1),
  o: () => document.activeElement?.closest('summary')?.click(),
  '/': () => {
    const view = log();
    if (view) view.focusSearch();
    else document.querySelector('main input[type=search]')?.focus();
  },
  n: () => log()?.nextHit(1),
  N: () => log()?.nextHit(-1),
  f: () => log()?.toggleFollow(),
  t: () => log()?.toggleTimes(),
};

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const field = event.target.closest?.('input, textarea, select, dialog');
  if (event.key === 'Escape' && field) field.blur?.();
  if (field) return;
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

const button = document.getElementById('help-button');
if (button) {
  button.hidden = false;
  button.addEventListener('click', dialog);
}
