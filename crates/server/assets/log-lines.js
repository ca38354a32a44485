// The lines of one log, in a frame that scrolls.
//
// A short log is in the page as a whole, so that the browser's own search and selection work. A long
// one is drawn through a window: only the lines in view are in the page, and pages of lines are
// fetched as they are needed. The frame has the same height either way, and the reader stays at the
// same line when a log that grows changes from one to the other.
//
// The window scrolls by lines: each counts as one row of the frame's scroll height, also a long line
// that is wrapped and drawn over several rows. The line at the top is placed where the scroll position
// says, and the others below it.

const ROW = 20;
const KEPT = 40;
// Browsers end an element at some tens of millions of pixels; beyond this the scroll is scaled.
const TALL = 12_000_000;

export const PAGE = 500;
export const SHORT = 2000;

export const el = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
};

export class LogLines {
  total = 0;
  windowed = false;
  wrapped = false;
  #step;
  #get;
  #drawn;
  #clock;
  #pages = new Map();
  #coming = new Map();
  #turn = 0;
  // The line number that the Tab key stops at.
  #stop = 0;
  // The last line belongs at the bottom of the frame, and how high the lines are is not known yet.
  #pinned = false;

  // `get(from, count)` answers with lines; `drawn()` is called when other rows are in the page.
  constructor({ step, name, get, drawn, clock }) {
    this.#step = step;
    this.#get = get;
    this.#drawn = drawn;
    this.#clock = clock;
    this.list = el('ol', { class: 'log-lines' });
    this.frame = el('div', { class: 'log-scroll', tabindex: '0', role: 'region', 'aria-label': `Log of ${name}` }, this.list);
    this.list.addEventListener('keydown', (event) => this.#key(event));
    this.list.addEventListener('focusin', (event) => {
      if (event.target.matches('.no')) this.stopAt(Number(event.target.dataset.n) - 1);
    });
  }

  // Takes lines in. The reader stays where they are.
  put(answer) {
    this.total = answer.total;
    const digits = String(this.total).length;
    this.frame.dataset.digits = Math.max(5, digits);
    if (!this.windowed && answer.total > SHORT) this.#toWindow();
    if (this.windowed) {
      this.#keep(answer);
      this.#setHeight();
      return;
    }
    answer.lines.forEach(([html, at], index) => {
      const number = answer.from + index;
      const row = this.list.children[number];
      if (!row) this.list.append(this.#row(number, html, at));
      else fill(row, html, this.#time(at));
    });
    while (this.list.children.length > answer.total) this.list.lastChild.remove();
  }

  #toWindow() {
    const first = this.#firstInView();
    this.windowed = true;
    for (const row of this.list.children) row.removeAttribute('id');
    this.frame.classList.add('is-window');
    this.space = el('div', { class: 'log-space' }, this.list);
    this.frame.replaceChildren(this.space);
    this.#setHeight();
    this.#scrollTo(first * ROW);
    let due = false;
    this.frame.addEventListener('scroll', () => {
      if (due) return;
      due = true;
      requestAnimationFrame(() => {
        due = false;
        this.draw();
      });
    });
  }

  // Breaks long lines, or no longer. The line at the top stays there, and so does the end.
  wrap(on) {
    const [line, atEnd] = [this.#top / ROW, this.atEnd];
    this.wrapped = on;
    if (!this.windowed) return;
    this.#setHeight();
    this.#scrollTo(line * ROW);
    if (atEnd) this.toEnd();
    this.draw();
  }

  #setHeight() {
    this.space.style.height = `${Math.min(this.#whole, TALL)}px`;
  }

  // The line at the top of the frame. Lines that are wrapped differ in height.
  #firstInView() {
    const top = this.frame.getBoundingClientRect().top;
    let [low, high] = [0, this.list.children.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.list.children[middle].getBoundingClientRect().bottom <= top) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #row(number, html, at) {
    const id = `step-${this.#step}-L${number + 1}`;
    const code = el('code');
    code.innerHTML = html;
    return el('li', { id: this.windowed ? null : id, 'data-line': String(number) },
      el('a', { class: 'no', href: `#${id}`, tabindex: number === this.#stop ? '0' : '-1', 'data-n': String(number + 1), 'aria-label': `Link to line ${number + 1}` }),
      el('span', { class: 'at' }, this.#time(at)),
      code);
  }

  #time(at) {
    return at === null ? '' : this.#clock(at);
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

  // Draws the rows in view, fetching what is missing of them.
  async draw() {
    if (!this.windowed) return;
    this.#turn += 1;
    const turn = this.#turn;
    for (;;) {
      const first = Math.max(0, Math.floor(this.#top / ROW) - 10);
      const last = Math.min(this.total, first + Math.ceil(this.frame.clientHeight / ROW) + 20);
      this.#rows(first, last);
      const page = this.#missing(first, last);
      if (page === null || !await this.#fetch(page) || turn !== this.#turn) break;
    }
    if (turn === this.#turn) this.#pinned = false;
  }

  // The first page of these lines that is not there, or not as a whole.
  #missing(first, last) {
    for (let page = Math.floor(first / PAGE); page * PAGE < last; page += 1) {
      const have = this.#pages.get(page);
      const want = Math.min(PAGE, this.total - page * PAGE);
      if (!have || Object.keys(have).length < want) return page;
    }
    return null;
  }

  // Fetches a page once, however many ask for it.
  #fetch(page) {
    if (!this.#coming.has(page)) {
      const fetching = this.#get(page * PAGE, PAGE).then((answer) => {
        this.#coming.delete(page);
        if (answer?.lines.length) this.#keep(answer);
        return Boolean(answer?.lines.length);
      });
      this.#coming.set(page, fetching);
    }
    return this.#coming.get(page);
  }

  // Rows that stay in view stay in the page, with the focus and the selection in them.
  #rows(first, last) {
    const { list, frame } = this;
    const focused = list.contains(document.activeElement);
    for (const row of [...list.children]) {
      const number = Number(row.dataset.line);
      if (number < first || number >= last) row.remove();
    }
    const have = list.firstChild ? Number(list.firstChild.dataset.line) : last;
    for (let number = first; number < last; number += 1) {
      const line = this.#pages.get(Math.floor(number / PAGE))?.[number % PAGE];
      const row = list.children[number - first];
      if (row && Number(row.dataset.line) === number) {
        if (line) fill(row, line[0], this.#time(line[1]));
      } else {
        const made = this.#row(number, line?.[0] ?? '', line?.[1] ?? null);
        if (number < have) list.insertBefore(made, list.children[number - first] ?? null);
        else list.append(made);
      }
    }
    if (this.#pinned) this.#pin();
    list.style.transform = `translateY(${this.#shift(first)}px)`;
    if (focused && !list.contains(document.activeElement)) frame.focus({ preventScroll: true });
    this.#setStop();
    this.#drawn();
  }

  // Where the rows belong that begin with line `first`.
  #shift(first) {
    const { scrollTop } = this.frame;
    if (!this.wrapped) return scrollTop - (this.#top - first * ROW);
    const at = this.#top / ROW;
    const line = Math.min(Math.floor(at), this.total - 1);
    const row = this.row(line);
    return row ? scrollTop - row.offsetTop - (at - line) * row.offsetHeight : scrollTop;
  }

  // Scrolls to where the last of the rows is at the bottom.
  #pin() {
    let room = this.frame.clientHeight;
    for (let row = this.row(this.total - 1); row; row = row.previousSibling) {
      const height = row.offsetHeight;
      if (height >= room) {
        this.#scrollTo((Number(row.dataset.line) + 1 - room / height) * ROW);
        return;
      }
      room -= height;
    }
  }

  // The height of the whole log in rows. When lines are wrapped, even the last one can be scrolled to
  // the top of the frame: how many of them fill it is not known.
  get #whole() {
    return this.total * ROW + (this.wrapped ? Math.max(0, this.frame.clientHeight - ROW) : 0);
  }

  // Where the frame stands, in pixels of the whole log.
  get #top() {
    const { scrollTop, clientHeight } = this.frame;
    const whole = this.#whole;
    return whole <= TALL ? scrollTop : scrollTop / (TALL - clientHeight) * (whole - clientHeight);
  }

  #scrollTo(pixels) {
    const whole = this.#whole;
    const room = this.frame.clientHeight;
    const top = Math.max(0, Math.min(pixels, whole - room));
    this.frame.scrollTop = whole <= TALL ? top : top / (whole - room) * (TALL - room);
  }

  get atEnd() {
    if (this.windowed && this.wrapped) {
      const last = this.row(this.total - 1)?.getBoundingClientRect();
      return last !== undefined && last.bottom <= this.frame.getBoundingClientRect().bottom + ROW;
    }
    const { scrollTop, clientHeight, scrollHeight } = this.frame;
    return scrollTop + clientHeight >= scrollHeight - ROW;
  }

  toEnd() {
    if (this.windowed && this.wrapped) {
      this.#pinned = true;
      this.#scrollTo(this.total * ROW - this.frame.clientHeight);
      return;
    }
    this.frame.scrollTop = this.frame.scrollHeight;
  }

  // Puts a line into view: into the middle of the frame, and the frame into the window.
  async toLine(number) {
    this.#place(number);
    await this.draw();
    this.#reveal(number);
  }

  // Puts the line into the window, once it is in the frame. Wrapped lines of a long log are placed by
  // their numbers alone: a scroll by their pixels would go to other lines.
  #reveal(number) {
    const part = this.windowed && this.wrapped ? this.frame : this.row(number);
    part?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }

  #place(number) {
    if (this.windowed && !this.wrapped) {
      const room = this.frame.clientHeight;
      const top = this.#top;
      if (number * ROW < top || (number + 1) * ROW > top + room) this.#scrollTo(number * ROW - room / 2);
      return;
    }
    const box = this.row(number)?.getBoundingClientRect();
    const frame = this.frame.getBoundingClientRect();
    if (this.windowed) {
      // How high the lines before it are is not known: it goes to the top.
      if (!box || box.top < frame.top || box.bottom > frame.bottom) this.#scrollTo(number * ROW);
      return;
    }
    if (box && (box.top < frame.top || box.bottom > frame.bottom)) this.frame.scrollTop += box.top - frame.top - frame.height / 2;
  }

  row(number) {
    return this.list.querySelector(`:scope > [data-line="${number}"]`);
  }

  // One line number is a stop of the Tab key; the arrows move between them.
  #setStop() {
    const inView = Math.min(Math.ceil(this.#top / ROW), this.total - 1);
    const row = this.row(this.#stop) ?? (this.windowed ? this.row(inView) : null) ?? this.list.firstChild;
    for (const no of this.list.querySelectorAll('.no[tabindex="0"]')) no.tabIndex = -1;
    if (row) row.firstChild.tabIndex = 0;
  }

  stopAt(number) {
    this.#stop = Math.max(0, Math.min(number, this.total - 1));
    this.#setStop();
  }

  #key(event) {
    if (!event.target.matches('.no') || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.frame.clientHeight / ROW) - 2);
    const now = this.#stop;
    const to = { ArrowDown: now + 1, ArrowUp: now - 1, PageDown: now + page, PageUp: now - page, Home: 0, End: this.total - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.stopAt(to);
    this.#place(this.#stop);
    // Rows are there at once, what is written in them may follow: keys must not wait for it.
    this.draw();
    const row = this.row(this.#stop);
    row?.firstChild.focus({ preventScroll: true });
    this.#reveal(this.#stop);
  }
}

function fill(row, html, time) {
  const [, at, code] = row.children;
  if (code.innerHTML !== html) code.innerHTML = html;
  if (at.textContent !== time) at.textContent = time;
}
