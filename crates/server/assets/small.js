// Small things: times that go on, boxes to copy from, lists to search, filters that apply at once.

function ago(seconds) {
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} days ago`;
}

function lasting(millis) {
  const seconds = Math.floor(millis / 1000);
  const two = (number) => String(number).padStart(2, '0');
  if (seconds < 10) return `${(Math.floor(millis / 100) / 10).toFixed(1)}s`;
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3600)}h ${two(Math.floor((seconds % 3600) / 60))}m`;
}

function tick() {
  const now = Date.now();
  for (const span of document.querySelectorAll('[data-since]')) {
    const text = lasting(Math.max(0, now - Date.parse(span.dataset.since)));
    if (span.textContent !== text) span.textContent = text;
  }
  for (const time of document.querySelectorAll('time[data-ago]')) {
    const text = ago(Math.max(0, (now - Date.parse(time.dateTime)) / 1000));
    if (time.textContent !== text) time.textContent = text;
  }
}

setInterval(() => document.hidden || tick(), 1000);

customElements.define('copy-box', class extends HTMLElement {
  connectedCallback() {
    if (this.querySelector('.button')) return;
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'button small';
    button.textContent = 'Copy';
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(this.querySelector('pre, code').textContent);
      button.textContent = 'Copied';
      setTimeout(() => { button.textContent = 'Copy'; }, 1600);
    });
    this.append(button);
  }
});

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
  // An empty field says nothing: keep it out of the address.
  form.addEventListener('submit', () => {
    for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
  });
}

// A second press of a button must not ask twice.
document.addEventListener('submit', (event) => {
  if (event.target.method !== 'post') return;
  for (const button of event.target.querySelectorAll('button')) setTimeout(() => { button.disabled = true; });
});
addEventListener('pageshow', () => {
  for (const button of document.querySelectorAll('form button:disabled')) button.disabled = false;
});
