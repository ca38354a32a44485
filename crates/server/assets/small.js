// Small things: boxes to copy from, lists to search, filters that apply at once.

customElements.define('copy-box', class extends HTMLElement {
  connectedCallback() {
    if (this.querySelector('.button')) return;
    const text = this.querySelector('pre, code');
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'button small';
    const word = document.createElement('span');
    word.textContent = 'Copy';
    const what = hidden(` ${text.getAttribute('aria-label') ?? text.textContent}`);
    button.append(word, what);
    const news = hidden('');
    news.setAttribute('role', 'status');
    let over;
    button.addEventListener('click', async () => {
      const copied = await copy(text);
      word.textContent = news.textContent = copied ? 'Copied' : `Press ${/Mac/.test(navigator.platform) ? '⌘' : 'Ctrl+'}C`;
      clearTimeout(over);
      over = setTimeout(() => { word.textContent = 'Copy'; news.textContent = ''; }, copied ? 1600 : 6000);
    });
    this.append(button, news);
  }
});

function hidden(words) {
  const span = document.createElement('span');
  span.className = 'vh';
  span.textContent = words;
  return span;
}

// Returns whether the text is on the clipboard. When it is not, it is selected.
async function copy(element) {
  try {
    await navigator.clipboard.writeText(element.textContent);
    return true;
  } catch {
    // Pages over plain HTTP have no clipboard, unless they are on localhost; and access may be denied.
  }
  getSelection().selectAllChildren(element);
  if (!document.execCommand('copy')) return false;
  getSelection().removeAllRanges();
  return true;
}

customElements.define('filter-list', class extends HTMLElement {
  connectedCallback() {
    const input = this.querySelector('input[type=search]');
    this.querySelector('.search').hidden = false;
    input.addEventListener('input', () => this.#apply(input.value.trim().toLowerCase()));
  }

  #apply(needle) {
    let shown = 0;
    for (const group of this.querySelectorAll('[data-group]')) {
      let any = false;
      for (const item of group.querySelectorAll('li')) {
        item.hidden = !item.dataset.text.toLowerCase().includes(needle);
        any ||= !item.hidden;
      }
      group.hidden = !any;
      shown += any ? 1 : 0;
    }
    this.querySelector('.none').hidden = shown > 0;
  }
});

// The source of a configuration: #L12 lights a line.
customElements.define('source-view', class extends HTMLElement {
  connectedCallback() {
    const aim = () => {
      const number = /^#L(\d+)$/.exec(location.hash)?.[1];
      for (const line of this.querySelectorAll('.aimed')) line.classList.remove('aimed');
      const no = number && this.querySelector(`[data-no="${number}"]`);
      no?.parentElement.classList.add('aimed');
      no?.parentElement.scrollIntoView({ block: 'center' });
    };
    addEventListener('hashchange', aim);
    aim();
  }
});

for (const form of document.querySelectorAll('form[data-auto]')) {
  form.addEventListener('change', () => form.requestSubmit());
  // An empty field is not a filter: keep it out of the address.
  form.addEventListener('submit', () => {
    for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
  });
}

// A link to a list that is folded unfolds it before the browser looks for it.
document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href^="#jobs-"]');
  const folded = link && document.getElementById(link.hash.slice(1))?.closest('details');
  if (!folded) return;
  folded.open = true;
  folded.dataset.touched = '';
});

// A menu closes as menus do, by Escape and by a press outside; when it opens, it takes the focus.
for (const menu of document.querySelectorAll('details.menu')) {
  menu.addEventListener('toggle', () => {
    if (menu.open) menu.querySelector('input, button, a')?.focus();
  });
  menu.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !menu.open) return;
    menu.open = false;
    menu.querySelector('summary').focus();
  });
  document.addEventListener('pointerdown', (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
}

// A second press of a button must not send a form twice.
document.addEventListener('submit', (event) => {
  if (event.target.method !== 'post') return;
  for (const button of event.target.querySelectorAll('button')) setTimeout(() => { button.disabled = true; });
});
addEventListener('pageshow', () => {
  for (const button of document.querySelectorAll('form button:disabled')) button.disabled = false;
});

// A reload does not say again what was done.
if (document.getElementById('done')) {
  const url = new URL(location.href);
  url.searchParams.delete('done');
  history.replaceState(null, '', url);
}
