// <log-view src="/job/ID/log/0/101" step="101" bytes="…" [running]>: the log of one step.
//
// Lines come from the server, by number. A short log is put into the page as it is, so that the
// browser's own search, selection and wrapping work. A long one is drawn through a window: only
// the lines in view are in the page, and pages of lines are fetched as they are needed. Either way
// a log that grows is read on from where it was, so nothing is missing for whoever came late.

const ROW = 20;
const PAGE = 500;
const SHORT = 2000;
const KEPT = 40;
// Browsers end an element at some tens of millions of pixels; beyond this the scroll is scaled.
const TALL = 12_000_000;
// How far back a cursor may rewrite lines.
const REWRITTEN = 200;

const el = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
};

const clock = (micros) => {
  const time = new Date(micros / 1000);
  const two = (number) => String(number).padStart(2, '0');
  const millis = String(time.getMilliseconds()).padStart(3, '0');
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${millis}`;
};

class LogView extends HTMLElement {
  static observedAttributes = ['bytes', 'running'];

  #total = 0;
  #pages = new Map();
  #windowed = false;
  #started = null;
  #busy = false;
  #again = false;
  #hits = [];
  #hit = -1;
  #needle = '';
  #follow = false;
  #aim = null;
  #parts = {};

  connectedCallback() {
    this.details = this.closest('details');
    this.details?.addEventListener('toggle', () => this.details.open && this.start());
    document.addEventListener('logs-moved', this.#moved);
    addEventListener('hashchange', this.#hash);
    this.#hash();
    if (!this.details || this.details.open) this.start();
  }

  disconnectedCallback() {
    document.removeEventListener('logs-moved', this.#moved);
    removeEventListener('hashchange', this.#hash);
  }

  attributeChangedCallback(name) {
    if (name === 'running') this.#tools();
    if (this.#started) this.#grow();
  }

  get number() {
    return this.getAttribute('step');
  }

  get running() {
    return this.hasAttribute('running');
  }

  start() {
    this.#started ??= this.#begin();
    return this.#started;
  }

  async #begin() {
    this.#follow = this.running && !this.#aim;
    const first = await this.#get(0, PAGE * 2);
    if (!first) return;
    this.#frame();
    await this.#show(first);
    this.#goToAim();
  }

  async #get(from, count) {
    const answer = await fetch(`${this.getAttribute('src')}?from=${from}&count=${count}`).catch(() => null);
    return answer?.ok ? answer.json() : null;
  }

  // The frame around the lines.
  #frame() {
    const name = this.details?.querySelector('.step-name')?.textContent ?? '';
    const lines = el('ol', { class: 'log-lines' });
    const scroll = el('div', { class: 'log-scroll', tabindex: '0', role: 'region', 'aria-label': `Log of ${name}` }, lines);
    const note = el('p', { class: 'log-note' });
    const tools = this.#makeTools();
    this.replaceChildren(tools, scroll, note);
    this.#parts = { ...this.#parts, tools, scroll, lines, note };
    lines.addEventListener('click', (event) => this.#click(event));
    this.#tools();
  }

  #makeTools() {
    const button = (label, action, title) => {
      const made = el('button', { type: 'button', title }, label);
      made.addEventListener('click', action);
      return made;
    };
    const search = el('input', { type: 'search', placeholder: 'Search this log', 'aria-label': 'Search this log', spellcheck: 'false' });
    let timer;
    search.addEventListener('input', () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.#search(search.value), 200);
    });
    search.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter') return;
      event.preventDefault();
      clearTimeout(timer);
      this.#search(search.value).then(() => this.nextHit(event.shiftKey ? -1 : 1));
    });
    const count = el('span', { class: 'log-count', role: 'status' });
    const times = button('Times', () => this.toggleTimes(), 'Show when each line came (t)');
    const wrap = button('Wrap', () => this.#wrap(), 'Break long lines');
    const follow = button('Follow', () => this.toggleFollow(), 'Stay at the end as the log grows (f)');
    const config = this.getAttribute('config');
    const tools = el('div', { class: 'log-tools' },
      search,
      button('↑', () => this.nextHit(-1), 'Hit before (N)'),
      button('↓', () => this.nextHit(1), 'Next hit (n)'),
      count,
      el('span', { class: 'grow' }),
      times, wrap, follow,
      button('Top', () => this.#toLine(0), 'To the first line'),
      button('End', () => this.#toLine(this.#total - 1), 'To the last line'),
      ...(config ? [el('a', { href: config }, 'Config')] : []),
      el('a', { href: `${this.getAttribute('src')}/raw` }, 'Raw'),
    );
    Object.assign(this.#parts, { search, count, times, wrap, follow });
    return tools;
  }

  #tools() {
    const { times, wrap, follow, note, tools } = this.#parts;
    if (!tools) return;
    times.setAttribute('aria-pressed', this.classList.contains('timed'));
    wrap.setAttribute('aria-pressed', this.classList.contains('wraps'));
    wrap.hidden = this.#windowed;
    follow.setAttribute('aria-pressed', this.#follow);
    follow.hidden = !this.running;
    const few = this.#total < 12 && !this.running;
    for (const part of tools.children) {
      if (part.matches('input, button') && part !== times && part !== wrap && part !== follow) part.hidden = few;
    }
    note.hidden = this.#total > 0;
    note.textContent = this.running ? 'Nothing was written yet.' : 'This step wrote nothing.';
  }

  // Puts an answer into the page.
  async #show(answer) {
    this.#total = answer.total;
    if (!this.#windowed && answer.total > SHORT) this.#toWindow();
    if (this.#windowed) {
      this.#keep(answer);
      this.#size();
      await this.#draw();
    } else {
      this.#put(answer);
      const missing = answer.from + answer.lines.length;
      if (answer.lines.length && missing < answer.total) {
        const more = await this.#get(missing, PAGE * 2);
        if (more) return this.#show(more);
      }
    }
    this.#tools();
    if (this.#follow) this.#toEnd();
  }

  // A short log: all of it is in the page.
  #put(answer) {
    const { lines } = this.#parts;
    answer.lines.forEach(([html, at], index) => {
      const number = answer.from + index;
      const old = lines.children[number];
      if (!old) lines.append(this.#row(number, html, at));
      else if (old.lastChild.innerHTML !== html) old.lastChild.innerHTML = html;
    });
    while (lines.children.length > answer.total) lines.lastChild.remove();
    this.#paint();
  }

  #row(number, html, at) {
    const id = `step-${this.number}-L${number + 1}`;
    const code = el('code');
    code.innerHTML = html;
    return el('li', { id: this.#windowed ? null : id, 'data-line': String(number) },
      el('a', { class: 'no', href: `#${id}`, tabindex: '-1', 'data-n': String(number + 1), 'aria-label': `Line ${number + 1}` }),
      el('span', { class: 'at', 'data-at': '' }, at === null ? '' : clock(at)),
      code);
  }

  // A long log: a window on it.
  #toWindow() {
    this.#windowed = true;
    this.classList.remove('wraps');
    const { scroll, lines } = this.#parts;
    lines.replaceChildren();
    scroll.classList.replace('log-scroll', 'log-frame');
    const space = el('div', { class: 'log-space' });
    space.append(lines);
    scroll.replaceChildren(space);
    this.#parts.space = space;
    let due = false;
    scroll.addEventListener('scroll', () => {
      if (this.#follow && !this.#atEnd()) this.#setFollow(false);
      if (due) return;
      due = true;
      requestAnimationFrame(() => {
        due = false;
        this.#draw();
      });
    });
    scroll.addEventListener('wheel', (event) => {
      if (event.deltaY < 0) this.#setFollow(false);
    }, { passive: true });
  }

  #keep(answer) {
    answer.lines.forEach((line, index) => {
      const number = answer.from + index;
      const page = Math.floor(number / PAGE);
      if (!this.#pages.has(page)) this.#pages.set(page, []);
      this.#pages.get(page)[number % PAGE] = line;
    });
    while (this.#pages.size > KEPT) this.#pages.delete(this.#pages.keys().next().value);
  }

  #size() {
    this.#parts.space.style.height = `${Math.min(this.#total * ROW, TALL)}px`;
  }

  // Where the window stands, in pixels of the whole log.
  get #top() {
    const { scroll } = this.#parts;
    const whole = this.#total * ROW;
    if (whole <= TALL) return scroll.scrollTop;
    const room = scroll.clientHeight;
    return scroll.scrollTop / (TALL - room) * (whole - room);
  }

  #scrollTo(pixels) {
    const { scroll } = this.#parts;
    const whole = this.#total * ROW;
    const room = scroll.clientHeight;
    const top = Math.max(0, Math.min(pixels, whole - room));
    scroll.scrollTop = whole <= TALL ? top : top / (whole - room) * (TALL - room);
  }

  #atEnd() {
    return this.#top + this.#parts.scroll.clientHeight >= this.#total * ROW - ROW * 2;
  }

  async #draw() {
    const { scroll, lines } = this.#parts;
    const first = Math.max(0, Math.floor(this.#top / ROW) - 10);
    const last = Math.min(this.#total, first + Math.ceil(scroll.clientHeight / ROW) + 20);
    for (let page = Math.floor(first / PAGE); page <= Math.floor(Math.max(first, last - 1) / PAGE); page += 1) {
      const want = Math.min(PAGE, this.#total - page * PAGE);
      const have = this.#pages.get(page);
      if (want <= 0 || (have && Object.keys(have).length >= want)) continue;
      const answer = await this.#get(page * PAGE, PAGE);
      if (!answer) return;
      this.#keep(answer);
      if (Math.abs(Math.floor(this.#top / ROW) - 10 - first) > 5) return this.#draw();
    }
    const rows = [];
    for (let number = first; number < last; number += 1) {
      const line = this.#pages.get(Math.floor(number / PAGE))?.[number % PAGE];
      rows.push(this.#row(number, line?.[0] ?? '', line?.[1] ?? null));
    }
    lines.replaceChildren(...rows);
    lines.style.transform = `translateY(${scroll.scrollTop - (this.#top - first * ROW)}px)`;
    this.#paint();
  }

  // The log moved.
  #moved = (event) => {
    if (!this.#started || (this.details && !this.details.open)) return;
    const key = this.getAttribute('src').replace('/job/', '').replace('/log/', '/');
    if (event.detail === null || key in event.detail) this.#grow();
  };

  async #grow() {
    if (!this.#parts.lines) return;
    if (this.#busy) {
      this.#again = true;
      return;
    }
    this.#busy = true;
    const stuck = this.#windowed ? this.#atEnd() : this.#endInView();
    let from = Math.max(0, this.#total - REWRITTEN);
    for (;;) {
      const answer = await this.#get(from, PAGE * 2);
      if (!answer) break;
      this.#follow &&= stuck || this.#windowed;
      await this.#show(answer);
      from = answer.from + answer.lines.length;
      if (this.#windowed || !answer.lines.length || from >= answer.total) break;
    }
    await new Promise((done) => setTimeout(done, 100));
    this.#busy = false;
    if (this.#again) {
      this.#again = false;
      this.#grow();
    }
  }

  #endInView() {
    const box = this.getBoundingClientRect();
    return box.bottom < innerHeight + 400;
  }

  #toEnd() {
    if (this.#windowed) this.#scrollTo(this.#total * ROW);
    else if (this.getBoundingClientRect().bottom > innerHeight) this.scrollIntoView({ block: 'end' });
  }

  #toLine(number) {
    if (number < 0) return;
    if (number === 0) this.#setFollow(false);
    if (this.#windowed) {
      this.#scrollTo((number - 6) * ROW);
      this.#draw();
    } else {
      this.#parts.lines?.children[number]?.scrollIntoView({ block: number === 0 ? 'center' : 'center' });
    }
  }

  // Buttons and keys.
  toggleFollow() {
    this.#setFollow(!this.#follow);
    if (this.#follow) this.#toEnd();
  }

  #setFollow(on) {
    if (this.#follow === on) return;
    this.#follow = on;
    this.#tools();
  }

  toggleTimes() {
    this.classList.toggle('timed');
    this.#tools();
  }

  #wrap() {
    this.classList.toggle('wraps');
    this.#tools();
  }

  focusSearch() {
    this.start().then(() => {
      this.#parts.search.hidden = false;
      this.#parts.search.focus();
      this.#parts.search.select();
    });
  }

  async #search(text) {
    const needle = text.trim();
    if (needle === this.#needle) return;
    this.#needle = needle;
    this.#hits = [];
    this.#hit = -1;
    let total = 0;
    if (needle) {
      const answer = await fetch(`${this.getAttribute('src')}/search?q=${encodeURIComponent(needle)}`).catch(() => null);
      const found = answer?.ok ? await answer.json() : { lines: [], total: 0 };
      if (needle !== this.#needle) return;
      this.#hits = found.lines;
      total = found.total;
    }
    this.#parts.count.textContent = needle ? `${total} ${total === 1 ? 'line' : 'lines'}` : '';
    this.#paint();
    if (this.#hits.length) this.nextHit(1);
  }

  nextHit(by) {
    if (!this.#hits.length) return;
    this.#setFollow(false);
    this.#hit = (this.#hit + by + this.#hits.length) % this.#hits.length;
    this.#parts.count.textContent = `${this.#hit + 1} of ${this.#hits.length}`;
    this.#toLine(this.#hits[this.#hit]);
    this.#paint();
  }

  // Lights hits and the line that an address names.
  #paint() {
    const hits = new Set(this.#hits);
    const now = this.#hits[this.#hit];
    const ranges = [];
    for (const row of this.#parts.lines.children) {
      const number = Number(row.dataset.line);
      const hit = hits.has(number);
      row.classList.toggle('hit', hit);
      row.classList.toggle('now', hit && number === now);
      row.classList.toggle('aimed', this.#aim !== null && number >= this.#aim.from && number <= this.#aim.to);
      if (hit) ranges.push(...words(row.lastChild, this.#needle.toLowerCase()));
    }
    if (typeof Highlight !== 'undefined' && (this.#needle || CSS.highlights.has('found'))) {
      CSS.highlights.set('found', new Highlight(...ranges));
    }
  }

  // Addresses: #step-101-L20, #step-101-L20-L30.
  #hash = () => {
    const found = /^#step-(\d+)(?:-L(\d+)(?:-L(\d+))?)?$/.exec(location.hash);
    if (!found || found[1] !== this.number) {
      this.#aim = null;
      if (this.#parts.lines) this.#paint();
      return;
    }
    if (this.details && !this.details.open) {
      this.details.open = true;
      this.details.dataset.touched = '';
    }
    if (found[2]) {
      const one = Number(found[2]) - 1;
      const other = Number(found[3] ?? found[2]) - 1;
      this.#aim = { from: Math.min(one, other), to: Math.max(one, other) };
      if (this.#parts.lines) this.#goToAim();
    }
  };

  #goToAim() {
    if (!this.#aim) return;
    this.#setFollow(false);
    this.#toLine(this.#aim.from);
    this.#paint();
  }

  #click(event) {
    const no = event.target.closest('.no');
    if (!no) return;
    event.preventDefault();
    const line = Number(no.dataset.n);
    const from = event.shiftKey && this.#aim ? this.#aim.from + 1 : line;
    const [low, high] = [Math.min(from, line), Math.max(from, line)];
    const hash = low === high ? `#step-${this.number}-L${low}` : `#step-${this.number}-L${low}-L${high}`;
    history.replaceState(null, '', hash);
    this.#aim = { from: low - 1, to: high - 1 };
    this.#setFollow(false);
    this.#paint();
  }
}

function words(code, needle) {
  const ranges = [];
  const walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.data.toLowerCase();
    for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + needle.length)) {
      const range = new Range();
      range.setStart(node, at);
      range.setEnd(node, at + needle.length);
      ranges.push(range);
    }
  }
  return ranges;
}

customElements.define('log-view', LogView);
