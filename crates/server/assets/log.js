// <log-view src="/job/ID/log/0/101" step="101" bytes="…" [running] [failed]>: the log of one step.
//
// Lines come from the server, by number (log-lines.js draws them). A log that grows is read on from
// where it was, so nothing is missing for those who join late. The log of a step that runs is
// followed; that of a step that failed opens at its end.

import { LogLines, PAGE, el } from './log-lines.js';
import { clock, zone } from './time.js';

// How far back a cursor may rewrite lines.
const REWRITTEN = 200;

class LogView extends HTMLElement {
  static observedAttributes = ['bytes', 'running'];

  #lines = null;
  #started = null;
  #busy = false;
  #again = false;
  #hits = [];
  #hit = -1;
  #needle = '';
  #follow = false;
  #aim = null;
  #parts = {};
  // Where the frame and the page stood when they were last scrolled: who goes up wants to read.
  #frameTop = 0;
  #pageTop = null;

  connectedCallback() {
    this.details = this.closest('details');
    this.details?.addEventListener('toggle', () => this.details.open && this.start());
    document.addEventListener('logs-moved', this.#moved);
    addEventListener('hashchange', this.#hash);
    this.#hash();
    if (!this.details || this.details.open) this.start(true);
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

  start(atOnce = false) {
    this.#started ??= this.#begin(atOnce);
    return this.#started;
  }

  async #begin(atOnce) {
    this.#follow = this.running && !this.#aim;
    const fromEnd = this.#follow || (this.hasAttribute('failed') && !this.#aim);
    const first = await this.#get(0, PAGE * 2);
    if (!first) return;
    this.#frame();
    await this.#show(first, fromEnd);
    if (this.#aim) await this.#goToAim();
    // A page that opens on a failure shows its last lines; one that was scrolled stays.
    else if (fromEnd && atOnce && scrollY === 0) this.#reveal();
  }

  async #get(from, count) {
    const answer = await fetch(`${this.getAttribute('src')}?from=${from}&count=${count}`).catch(() => null);
    return answer?.ok ? answer.json() : null;
  }

  // The frame around the lines.
  #frame() {
    const name = this.details?.querySelector('.step-name')?.textContent ?? '';
    this.#lines = new LogLines({
      step: this.number,
      name,
      clock,
      get: (from, count) => this.#get(from, count),
      drawn: () => this.#paint(),
    });
    const { frame, list } = this.#lines;
    const note = el('p', { class: 'log-note' });
    const tools = this.#makeTools();
    this.replaceChildren(tools, frame, note);
    this.#parts = { ...this.#parts, tools, note };
    list.addEventListener('click', (event) => this.#click(event));
    frame.addEventListener('scroll', () => this.#scrolled());
    this.#tools();
  }

  #makeTools() {
    const button = (label, action, title, name = null) => {
      const made = el('button', { type: 'button', title, 'aria-label': name }, label);
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
      this.#search(search.value).then((again) => again || this.nextHit(event.shiftKey ? -1 : 1));
    });
    const count = el('span', { class: 'log-count', role: 'status' });
    const times = button('Timestamps', () => this.toggleTimes(), `Show when each line was written, in your time zone, ${zone()} (t)`);
    const wrap = button('Wrap', () => this.#wrap(), 'Wrap long lines');
    const follow = button('Follow', () => this.toggleFollow(), 'Stay at the end as the log grows (f)');
    const config = this.getAttribute('config');
    const tools = el('div', { class: 'log-tools' },
      search,
      button('↑', () => this.nextHit(-1), 'Previous match (N)', 'Previous match'),
      button('↓', () => this.nextHit(1), 'Next match (n)', 'Next match'),
      count,
      el('span', { class: 'grow' }),
      times, wrap, follow,
      button('Top', () => this.#toTop(), 'Go to the first line'),
      button('End', () => this.#toEnd(), 'Go to the last line'),
      ...(config ? [el('a', { href: config }, 'Config')] : []),
      el('a', { href: `${this.getAttribute('src')}/raw` }, 'Raw'),
    );
    Object.assign(this.#parts, { search, count, times, wrap, follow });
    return tools;
  }

  #tools() {
    const { times, wrap, follow, note, tools } = this.#parts;
    if (!tools) return;
    const { total, windowed } = this.#lines;
    const timed = this.classList.contains('timed');
    times.setAttribute('aria-pressed', timed);
    times.textContent = timed ? `Timestamps (${zone()})` : 'Timestamps';
    wrap.setAttribute('aria-pressed', this.classList.contains('wraps'));
    wrap.hidden = windowed;
    follow.setAttribute('aria-pressed', this.#follow);
    follow.hidden = !this.running;
    const few = total < 12 && !this.running;
    for (const part of tools.children) {
      if (part.matches('input, button') && part !== times && part !== wrap && part !== follow) part.hidden = few;
    }
    note.hidden = total > 0;
    note.textContent = this.running ? 'No output yet.' : 'This step wrote no output.';
  }

  // Puts an answer into the page, and what is missing of a short log.
  async #show(answer, toEnd = this.#follow) {
    for (let next = answer; next;) {
      this.#lines.put(next);
      // At once: between here and the drawing, nothing may look as if the reader had scrolled.
      if (toEnd) this.#lines.toEnd();
      this.#frameTop = this.#lines.frame.scrollTop;
      const missing = next.from + next.lines.length;
      const more = !this.#lines.windowed && next.lines.length && missing < next.total;
      next = more ? await this.#get(missing, PAGE * 2) : null;
    }
    if (this.#lines.windowed) this.classList.remove('wraps');
    await this.#lines.draw();
    this.#tools();
    this.#paint();
  }

  // The log moved.
  #moved = (event) => {
    if (!this.#started || (this.details && !this.details.open)) return;
    const key = this.getAttribute('src').replace('/job/', '').replace('/log/', '/');
    if (event.detail === null || key in event.detail) this.#grow();
  };

  async #grow() {
    if (!this.#lines) return;
    if (this.#busy) {
      this.#again = true;
      return;
    }
    this.#busy = true;
    const answer = await this.#get(Math.max(0, this.#lines.total - REWRITTEN), PAGE * 2);
    if (answer) await this.#show(answer);
    if (this.#follow) this.#reveal();
    await new Promise((done) => setTimeout(done, 100));
    this.#busy = false;
    if (this.#again) {
      this.#again = false;
      this.#grow();
    }
  }

  // Scrolling up, by whatever means, ends following; coming to the end begins it again.
  #scrolled() {
    const top = this.#lines.frame.scrollTop;
    const { atEnd } = this.#lines;
    if (top < this.#frameTop - 1 && !atEnd) this.#setFollow(false);
    else if (top > this.#frameTop + 1 && atEnd && this.running) this.#setFollow(true);
    this.#frameTop = top;
  }

  // Brings the end of the frame into the window, unless the reader has scrolled the page up since.
  #reveal() {
    if (this.#pageTop !== null && scrollY < this.#pageTop - 4) return;
    this.#lines.frame.scrollIntoView({ block: 'nearest' });
    this.#pageTop = scrollY;
  }

  async #toEnd() {
    this.#lines.toEnd();
    await this.#lines.draw();
    this.#pageTop = null;
    this.#reveal();
  }

  async #toTop() {
    this.#setFollow(false);
    await this.#lines.toLine(0);
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

  // Answers whether it was another search than before.
  async #search(text) {
    const needle = text.trim();
    if (needle === this.#needle) return false;
    this.#needle = needle;
    this.#hits = [];
    this.#hit = -1;
    let total = 0;
    if (needle) {
      const answer = await fetch(`${this.getAttribute('src')}/search?q=${encodeURIComponent(needle)}`).catch(() => null);
      const found = answer?.ok ? await answer.json() : { lines: [], total: 0 };
      if (needle !== this.#needle) return true;
      this.#hits = found.lines;
      total = found.total;
    }
    this.#parts.count.textContent = needle ? `${total} ${total === 1 ? 'match' : 'matches'}` : '';
    this.#paint();
    if (this.#hits.length) this.nextHit(1);
    return true;
  }

  nextHit(by) {
    if (!this.#hits.length) return;
    this.#setFollow(false);
    this.#hit = (this.#hit + by + this.#hits.length) % this.#hits.length;
    this.#parts.count.textContent = `${this.#hit + 1} of ${this.#hits.length}`;
    this.#lines.toLine(this.#hits[this.#hit]).then(() => this.#paint());
  }

  // Lights matches and the lines that an address names.
  #paint() {
    const hits = new Set(this.#hits);
    const now = this.#hits[this.#hit];
    const ranges = [];
    for (const row of this.#lines.list.children) {
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
      if (this.#lines) this.#paint();
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
      if (this.#lines) this.#goToAim();
    }
  };

  async #goToAim() {
    this.#setFollow(false);
    this.#lines.stopAt(this.#aim.from);
    await this.#lines.toLine(Math.min(this.#aim.from, this.#lines.total - 1));
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
    this.#lines.stopAt(line - 1);
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
