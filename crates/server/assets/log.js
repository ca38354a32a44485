// <log-view src="/job/ID/log/0/101" step="101" bytes="…" [running] [failed]>: the log of one step.
//
// Lines come from the server, by number (log-lines.js draws them). A log that grows is read on from
// where it was, so nothing is missing for those who join late. The log of a step that runs is
// followed; that of a step that failed opens at its end.
//
// A large log is read in portions: what there is of it is shown at once, and the rest follows, with
// how far it is. A search goes through it in the same way, and can be stopped.

import { LogLines, PAGE, el } from './log-lines.js';
import { clock, zone } from './time.js';

// How far back a cursor may rewrite lines.
const REWRITTEN = 200;
// Lines with a match that can be gone to.
const HITS = 2000;
// How often progress is announced: screen readers read each one out.
const ANNOUNCED_MS = 1000;
// Pauses before a request that failed is sent again: a machine that changes its network ends all of them.
const RETRIES_MS = [250, 1000, 4000];

class LogView extends HTMLElement {
  static observedAttributes = ['bytes', 'running'];

  #lines = null;
  #started = null;
  #busy = false;
  #again = false;
  #hits = [];
  #hit = -1;
  #needle = '';
  // Lines that match so far, how much of the log was searched (of 1), and what stops the search.
  #matches = 0;
  #searched = 1;
  #searching = null;
  // Bytes that are not read yet; the end, or a line of the address, is gone to once they are.
  #left = 0;
  #toEndLater = false;
  #aimLater = false;
  #follow = false;
  #aim = null;
  #parts = {};
  // Where the frame and the page stood when they were last scrolled: who goes up wants to read.
  #frameTop = 0;
  #pageTop = null;

  connectedCallback() {
    this.details = this.closest('details');
    this.details?.addEventListener('toggle', () => this.details.open && this.start());
    document.addEventListener('logs-changed', this.#changed);
    addEventListener('hashchange', this.#hash);
    this.#hash();
    if (!this.details || this.details.open) this.start(true);
  }

  disconnectedCallback() {
    document.removeEventListener('logs-changed', this.#changed);
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
    let first = await this.#get(0, PAGE * 2);
    if (first?.left && fromEnd && this.querySelector('.log-lines li')) first = await this.#readBehind();
    if (!first) return this.#unread();
    this.#frame();
    this.#toEndLater = fromEnd && first.left > 0;
    await this.#show(first, fromEnd && !first.left);
    if (first.left) this.#grow();
    if (this.#aim) await this.#goToAim();
    // A page that opens on a failure shows its last lines; one that was scrolled stays.
    else if (fromEnd && atOnce && scrollY === 0) {
      this.#reveal();
      tabFromTop();
    }
  }

  // The last lines of a large log came with the page: they stay until those before them are read.
  async #readBehind() {
    const say = announcer(this.#note());
    for (;;) {
      const answer = await this.#get(0, 0);
      if (!answer) return null;
      if (!answer.left) return this.#get(0, PAGE * 2);
      say(reading(answer));
    }
  }

  // What came with the page stays, without tools, and says why. Opening the step again tries again.
  #unread() {
    const some = this.querySelector('.log-lines li') ? ' as a whole' : '';
    this.#note().textContent = `The log could not be read${some}. Load the page again.`;
    this.#started = null;
  }

  // A line above what came with the page.
  #note() {
    const note = this.querySelector(':scope > [role=status]') ?? el('p', { class: 'log-note', role: 'status' });
    this.prepend(note);
    return note;
  }

  // Answers `null` if the log cannot be read. A broken connection and a busy server are tried again.
  async #get(from, count) {
    for (const pause of [...RETRIES_MS, null]) {
      const answer = await fetch(`${this.getAttribute('src')}?from=${from}&count=${count}`).catch(() => null);
      const lines = answer?.ok ? await answer.json().catch(() => null) : null;
      if (lines || pause === null || (answer && !answer.ok && answer.status < 500)) return lines;
      await new Promise((done) => setTimeout(done, pause));
    }
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
      if (event.key === 'Escape' && this.#searching) {
        // What was found so far stays.
        event.preventDefault();
        event.stopPropagation();
        this.#stopSearch();
      } else if (event.key === 'Escape') {
        // The browser empties the field; what was found would stay highlighted for a text that is gone.
        event.preventDefault();
        search.value = '';
        this.#search('');
      }
      if (event.key !== 'Enter') return;
      event.preventDefault();
      clearTimeout(timer);
      this.#search(search.value).then((again) => again || this.nextHit(event.shiftKey ? -1 : 1));
    });
    const count = el('span', { class: 'log-count', role: 'status' });
    const progress = el('span', { class: 'log-count', role: 'status' });
    const stop = button('Stop', () => this.#stopSearch(), 'Stop the search (Esc)', 'Stop the search');
    stop.hidden = true;
    const times = button('Timestamps', () => this.toggleTimes(), `Show when each line was written, in your time zone, ${zone()} (t)`);
    const wrap = button('Wrap', () => this.#wrap(), 'Wrap long lines');
    const follow = button('Follow', () => this.toggleFollow(), 'Stay at the end as the log grows (f)');
    const config = this.getAttribute('config');
    const tools = el('div', { class: 'log-tools' },
      search,
      button('↑', () => this.nextHit(-1), 'Previous match (N)', 'Previous match'),
      button('↓', () => this.nextHit(1), 'Next match (n)', 'Next match'),
      count,
      stop,
      el('span', { class: 'grow' }),
      progress,
      times, wrap, follow,
      button('Top', () => this.#toTop(), 'Go to the first line'),
      button('End', () => this.#toEnd(), 'Go to the last line'),
      ...(config ? [el('a', { href: config }, 'Config')] : []),
      el('a', { href: `${this.getAttribute('src')}/raw` }, 'Raw'),
    );
    Object.assign(this.#parts, { search, count, stop, progress, times, wrap, follow });
    Object.assign(this.#parts, { sayCount: announcer(count), sayProgress: announcer(progress) });
    return tools;
  }

  #tools() {
    const { times, wrap, follow, stop, note, tools } = this.#parts;
    if (!tools) return;
    const { total } = this.#lines;
    const timed = this.classList.contains('timed');
    times.setAttribute('aria-pressed', timed);
    times.textContent = timed ? `Timestamps (${zone()})` : 'Timestamps';
    wrap.setAttribute('aria-pressed', this.classList.contains('wraps'));
    follow.setAttribute('aria-pressed', this.#follow);
    follow.hidden = !this.running;
    const few = total < 12 && !this.running;
    for (const part of tools.children) {
      if (part.matches('input, button') && part !== times && part !== wrap && part !== follow && part !== stop) part.hidden = few;
    }
    note.hidden = total > 0;
    note.textContent = this.running ? 'No output yet.' : 'This step wrote no output.';
  }

  // Puts an answer into the page, and what is missing of a short log.
  async #show(answer, toEnd = this.#follow) {
    for (let next = answer; next;) {
      this.#left = next.left;
      this.#lines.put(next);
      // At once: between here and the drawing, nothing may look as if the reader had scrolled.
      if (toEnd) this.#lines.toEnd();
      this.#frameTop = this.#lines.frame.scrollTop;
      const missing = next.from + next.lines.length;
      const more = !this.#lines.windowed && next.lines.length && missing < next.total;
      next = more ? await this.#get(missing, PAGE * 2) : null;
    }
    this.#parts.sayProgress(this.#left ? reading(answer) : '', !this.#left);
    await this.#lines.draw();
    this.#tools();
    this.#paint();
    if (this.#aimLater) await this.#goToAim();
    if (this.#toEndLater && !this.#left) {
      this.#toEndLater = false;
      // Unless the reader has begun to read.
      if (this.#lines.frame.scrollTop === 0) await this.#toEnd();
    }
  }

  // The log has grown or was replaced.
  #changed = (event) => {
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
    if (answer?.left) this.#again = true;
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
    if (!this.#lines) return;
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
    this.#lines.wrap(this.classList.toggle('wraps'));
    this.#tools();
  }

  focusSearch() {
    this.start().then(() => {
      if (!this.#lines) return;
      this.#parts.search.hidden = false;
      this.#parts.search.focus();
      this.#parts.search.select();
    });
  }

  // Answers whether it was another search than before.
  async #search(text) {
    const needle = text.trim();
    if (needle === this.#needle) return false;
    this.#searching?.abort();
    this.#searching = null;
    this.#needle = needle;
    this.#hits = [];
    this.#hit = -1;
    this.#matches = 0;
    this.#searched = needle ? 0 : 1;
    if (needle) await this.#searchOn(new AbortController());
    else this.#parts.stop.hidden = true;
    this.#paint();
    this.#sayFound(true);
    return true;
  }

  // Goes through the log, portion by portion, and to the first match as soon as there is one.
  async #searchOn(search) {
    this.#searching = search;
    const at = `${this.getAttribute('src')}/search?q=${encodeURIComponent(this.#needle)}`;
    for (let from = 0; from !== null;) {
      const answer = await fetch(`${at}&from=${from}`, { signal: search.signal })
        .then((found) => (found.ok ? found.json() : null)).catch(() => null);
      // Another search has begun, or this one was stopped.
      if (this.#searching !== search) return;
      if (!answer) break;
      this.#hits.push(...answer.lines.slice(0, HITS - this.#hits.length));
      this.#matches += answer.total;
      from = answer.next;
      this.#searched = from === null ? 1 : answer.searched / answer.bytes;
      this.#parts.stop.hidden = from === null;
      this.#sayFound();
      if (this.#hit < 0) this.nextHit(1);
      else if (answer.lines.length) this.#paint();
    }
    this.#stopSearch();
  }

  #stopSearch() {
    const { stop, search } = this.#parts;
    this.#searching?.abort();
    this.#searching = null;
    // The focus must not be lost with the button.
    if (stop === document.activeElement) search.focus();
    stop.hidden = true;
    this.#sayFound(true);
  }

  #sayFound(now = false) {
    if (!this.#needle) return this.#parts.sayCount('', true);
    const [all, listed] = [this.#matches, this.#hits.length];
    const found = this.#hit < 0 ? `${all} ${all === 1 ? 'match' : 'matches'}` : `${this.#hit + 1} of ${listed}${all > listed ? '+' : ''}`;
    const percent = `${Math.floor(this.#searched * 100)} %`;
    const far = this.#searching ? `, ${percent} searched` : `, stopped at ${percent}`;
    this.#parts.sayCount(this.#searched < 1 ? found + far : found, now);
  }

  async nextHit(by) {
    if (!this.#hits.length) return;
    this.#setFollow(false);
    this.#hit = (this.#hit + by + this.#hits.length) % this.#hits.length;
    this.#sayFound(true);
    const line = this.#hits[this.#hit];
    if (line >= this.#lines.total) {
      // The search was faster than what reads the lines.
      const answer = await this.#get(line, 1);
      if (answer) this.#lines.put(answer);
    }
    // The Tab key continues from there.
    this.#lines.stopAt(line);
    await this.#lines.toLine(line);
    this.#paint();
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
      this.#aimLater = false;
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
    this.#aimLater = this.#left > 0 && this.#aim.from >= this.#lines.total;
    if (this.#aimLater) return;
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

// Lets the Tab key begin at the top of the page, though a script has scrolled it: browsers begin at what
// is in view, or after what had the focus last. Nothing keeps the focus.
function tabFromTop() {
  const { body } = document;
  if (document.activeElement !== body) return;
  body.tabIndex = -1;
  body.focus({ preventScroll: true });
  body.blur();
  body.removeAttribute('tabindex');
}

const reading = ({ bytes, left }) => `Reading the log: ${Math.floor(bytes / (bytes + left) * 100)} %`;

// Writes into a place whose changes are announced, and not too often; `now`: in any case.
function announcer(place) {
  let last = 0;
  return (text, now = false) => {
    if (!now && Date.now() - last < ANNOUNCED_MS) return;
    last = Date.now();
    if (place.textContent !== text) place.textContent = text;
  };
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
