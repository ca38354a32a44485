// Chapters on logs: where they open, what stays in view with them, how a line is linked.
import { accessible, assert, chapter, push, visitor } from './visitor.mjs';
import * as configs from './configs.mjs';

const open = async (page, title, job) => {
  await page.goto('/bb/acme/count');
  await page.getByRole('link', { name: title }).click();
  const node = page.locator('.node', { hasText: job });
  await node.waitFor({ timeout: 60_000 });
  return node;
};

// Whether a text of the page can be read: in the window, and with nothing above it.
const canBeRead = (page, text) => page.evaluate((wanted) => {
  const texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_ELEMENT);
  for (let one = texts.nextNode(); one; one = texts.nextNode()) {
    if (!one.textContent.includes(wanted) || [...one.children].some((child) => child.textContent.includes(wanted))) continue;
    const box = one.getBoundingClientRect();
    const corners = [[box.left + 2, box.top + 2], [box.right - 2, box.bottom - 2]];
    if (corners.every(([x, y]) => one.contains(document.elementFromPoint(x, y)))) return true;
  }
  return false;
}, text);

// Whether an element is in view as a whole: within the window, and within the frame of its log.
const inView = (locator) => locator.evaluate((element) => {
  const box = element.getBoundingClientRect();
  const frame = element.closest('.log-scroll').getBoundingClientRect();
  const bar = document.querySelector('.bar');
  const top = getComputedStyle(bar).position === 'sticky' ? bar.getBoundingClientRect().bottom : 0;
  return box.top >= Math.max(top, frame.top) - 1 && box.bottom <= Math.min(innerHeight, frame.bottom) + 1;
});

const state = async (page) => {
  await page.locator('.log-tools').first().waitFor();
  return page.evaluate(() => {
    const frame = document.querySelector('.log-scroll');
    const box = frame.getBoundingClientRect();
    const rows = [...frame.querySelectorAll('li')].filter((row) => {
      const place = row.getBoundingClientRect();
      return place.bottom > box.top + 1 && place.top < box.bottom - 1;
    });
    const follow = [...document.querySelectorAll('.log-tools button')].find((one) => one.textContent === 'Follow');
    return {
      follow: follow.getAttribute('aria-pressed') === 'true',
      windowed: frame.classList.contains('is-window'),
      first: Number(rows.at(0)?.dataset.line) + 1,
      last: Number(rows.at(-1)?.dataset.line) + 1,
    };
  });
};

export async function logs(page) {
  const storageState = await page.context().storageState();
  const sizes = [{ width: 1280, height: 800 }, { width: 390, height: 844 }];

  await chapter('the log of a failing step opens at its end, and its last lines are in view', async () => {
    await push('bb', 'count', 'Break one of many', configs.report);
    const node = await open(page, 'Break one of many', 'report');
    await page.locator('.node.n-failed').waitFor({ timeout: 60_000 });
    await node.click();
    await page.waitForURL('**/job/**');
    const address = page.url();
    for (const viewport of sizes) {
      const reader = await visitor({ viewport, storageState });
      await reader.goto(address);
      const summary = reader.locator('.log-lines li', { hasText: '2999 passed, 1 failed' });
      await summary.waitFor();
      const last = reader.locator('.log-lines li').last();
      await reader.waitForFunction(() => scrollY > 0);
      assert.ok(await inView(summary) && await inView(last), `the end is in view at ${viewport.width}`);
      for (const text of ['report', 'Failed', 'exited with code 1']) {
        assert.ok(await canBeRead(reader, text), `"${text}" is in view next to the end at ${viewport.width}`);
      }

      await reader.getByRole('button', { name: 'Top' }).click();
      await reader.locator('.log-lines li', { hasText: /ok 1$/ }).waitFor();
      assert.ok(await inView(reader.locator('.log-lines li').first()));
      await reader.evaluate(() => scrollTo(0, 0));
      await reader.getByRole('button', { name: 'End' }).click();
      await summary.waitFor();
      assert.ok(await inView(last), `End shows the last line at ${viewport.width}`);

      await reader.evaluate(() => scrollTo(0, 0));
      await reader.getByRole('searchbox').fill('1 failed');
      const match = reader.locator('.log-lines li.hit.now', { hasText: '2999 passed' });
      await match.waitFor();
      assert.ok(await inView(match), `the last match is in view at ${viewport.width}`);
      await reader.getByRole('searchbox').fill('no such words');
      await reader.getByText('0 matches').waitFor();
      await reader.context().close();
    }
  });

  await chapter('a log whose first request is lost is read again, and one that cannot be read says so', async () => {
    const address = page.url().replace(/#.*/, '');
    const reader = await visitor({ storageState });
    reader.expected.push(/ERR_FAILED/);
    let lost = 0;
    await reader.route('**/job/*/log/**', (route) => (lost++ ? route.continue() : route.abort()));
    await reader.goto(address);
    await reader.locator('.log-tools').waitFor();
    await reader.waitForFunction(() => scrollY > 0);
    assert.ok(await inView(reader.locator('.log-lines li').last()), 'the end is in view');
    await reader.unroute('**/job/*/log/**');
    await reader.route('**/job/*/log/**', (route) => route.abort());
    await reader.goto(address);
    await reader.getByText('The log could not be read as a whole. Load the page again.').waitFor();
    await reader.locator('.log-lines li', { hasText: '2999 passed, 1 failed' }).waitFor();
    for (const key of ['f', '/']) await reader.keyboard.press(key);
    await reader.unroute('**/job/*/log/**');
    await reader.locator('.log-tools').waitFor();
    await reader.context().close();
  });

  await chapter('a link to a line of a long log marks it, in view, and can be made by keyboard', async () => {
    const address = page.url().replace(/#.*/, '');
    const step = await page.locator('details.step[open]').getAttribute('id');
    for (const viewport of sizes) {
      const reader = await visitor({ viewport, storageState });
      await reader.goto(`${address}#${step}-L1778`);
      const line = reader.locator('.log-lines li.aimed', { hasText: 'AssertionError' });
      await line.waitFor();
      assert.ok(await inView(line), `the line is in view at ${viewport.width}`);
      // It stays so when the page hears of something new.
      await reader.evaluate(() => document.dispatchEvent(new CustomEvent('logs-changed', { detail: null })));
      await reader.waitForTimeout(300);
      assert.ok(await inView(line));
      await reader.context().close();
    }
    await page.goto(`${address}#${step}-L1778`);
    await page.locator('.log-lines li.aimed').waitFor();
    await page.locator('.log-scroll').focus();
    await page.keyboard.press('Tab');
    const focused = () => page.evaluate(() => document.activeElement.getAttribute('aria-label'));
    assert.equal(await focused(), 'Link to line 1778');
    for (let presses = 0; presses < 40; presses += 1) await page.keyboard.press('ArrowUp');
    assert.equal(await focused(), 'Link to line 1738');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.hash === `#${step}-L1738`);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Shift+Enter');
    await page.waitForURL((url) => url.hash === `#${step}-L1738-L1739`);
    assert.equal(await page.locator('.log-lines li.aimed').count(), 2);
    await accessible(page, 'a log with a focused line number');
  });

  await chapter('following continues until the reader scrolls up, and no view moves the reader back', async () => {
    await push('bb', 'count', 'Grow for a while', configs.growing);
    const node = await open(page, 'Grow for a while', 'grow');
    await page.locator('.node.n-running').waitFor({ timeout: 60_000 });
    await node.click();
    await page.locator('.log-lines li', { hasText: /row 1200$/ }).waitFor();
    const reader = await visitor({ storageState });
    await reader.goto(page.url());
    await reader.locator('.log-lines li', { hasText: /row 1200$/ }).waitFor();
    assert.ok((await state(page)).follow, 'a log of 1,200 lines is followed');
    assert.ok((await state(reader)).follow);
    await reader.locator('.log-scroll').hover();
    await reader.mouse.wheel(0, -4000);
    await reader.waitForFunction(() => !document.querySelector('.log-tools [aria-pressed=true]'));
    const before = await state(reader);
    await page.waitForFunction(() => document.querySelector('.log-scroll.is-window'), null, { timeout: 30_000 });
    await reader.waitForFunction(() => document.querySelector('.log-scroll.is-window'), null, { timeout: 30_000 });
    const after = await state(reader);
    assert.ok(!before.windowed && Math.abs(after.first - before.first) <= 1, JSON.stringify({ before, after }));
    await page.locator('.log-lines li', { hasText: /row 2600$/ }).waitFor({ timeout: 30_000 });
    assert.ok((await state(page)).follow, 'the other one is still at the end');
    assert.ok(await inView(page.locator('.log-lines li').last()));
    await reader.context().close();
  });

  await chapter('a log of many lines can be wrapped, and its end, its beginning and a match are in view', async () => {
    await push('bb', 'count', 'Stretch the lines', configs.broad);
    const node = await open(page, 'Stretch the lines', 'broad');
    await page.locator('.node.n-passed').waitFor({ timeout: 60_000 });
    await node.click();
    await page.locator('summary', { hasText: 'Stretch' }).last().click();
    const frame = page.locator('.log-scroll.is-window');
    await frame.waitFor();
    await page.getByRole('button', { name: 'Wrap' }).click();
    const line = (number) => page.locator('.log-lines li', { hasText: new RegExp(`begin ${number} 0+ end`) });
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 844 });
      await page.getByRole('button', { name: 'Top' }).click();
      await line(1).waitFor();
      const { height } = await line(1).boundingBox();
      assert.ok(height >= 40, `the line has several rows: ${height} px`);
      assert.ok(await frame.evaluate((one) => one.scrollWidth <= one.clientWidth), 'nothing has to be scrolled sideways');
      assert.ok(await inView(line(1)), `the first line is in view at ${width}`);
      await page.getByRole('button', { name: 'End' }).click();
      await line(2500).waitFor();
      assert.ok(await inView(line(2500)), `the last line is in view at ${width}`);
      const [box, room] = [await line(2500).boundingBox(), await frame.boundingBox()];
      assert.ok(box.y + box.height > room.y + room.height - 60, 'and at the bottom');
      await page.getByRole('searchbox').fill(width > 500 ? 'begin 1234' : 'begin 1234 0');
      const match = page.locator('.log-lines li.hit.now', { hasText: 'begin 1234' });
      await match.waitFor();
      assert.ok(await inView(match), `the match is in view at ${width}`);
    }
    await page.setViewportSize({ width: 1280, height: 860 });
    await page.getByRole('button', { name: 'Wrap' }).click();
    assert.ok(await inView(page.locator('.log-lines li.hit.now')), 'the line stays in view');
  });

  await chapter('a large log shows its end at once, and a search in it says how far it is and can be stopped', async () => {
    await push('bb', 'count', 'Fill the disk', configs.large);
    const node = await open(page, 'Fill the disk', 'large');
    await page.locator('.node.n-failed').waitFor({ timeout: 60_000 });
    await node.click();
    await page.waitForURL('**/job/**');
    await page.locator('.log-lines li', { hasText: 'row 150000 of' }).waitFor();
    // All of it has been read when the tools are there.
    await page.locator('.log-tools').first().waitFor({ timeout: 60_000 });
    await page.locator('.log-lines li', { hasText: 'row 150000 of' }).waitFor();
    const answers = [];
    const slow = async (route) => {
      answers.push(route.request().url());
      await new Promise((done) => setTimeout(done, 1_200));
      await route.continue().catch(() => {});
    };
    await page.route('**/search?**', slow);
    const count = page.locator('.log-count').first();
    await page.getByRole('searchbox').fill('row 777 of');
    await page.locator('.log-lines li.hit.now', { hasText: 'row 777 of' }).waitFor();
    await count.getByText(/^1 of 1, \d+ % searched$/).waitFor();
    await page.getByRole('searchbox').press('Escape');
    await count.getByText(/^1 of 1, stopped at \d+ %$/).waitFor();
    assert.equal(await page.getByRole('searchbox').inputValue(), 'row 777 of');
    assert.ok(!await page.getByRole('button', { name: 'Stop the search' }).isVisible());
    const asked = answers.length;
    await page.waitForTimeout(1_500);
    assert.equal(answers.length, asked, 'nothing more is searched');
    await page.unroute('**/search?**', slow);
    await page.getByRole('searchbox').fill('row 149999 of');
    const match = page.locator('.log-lines li.hit.now', { hasText: 'row 149999 of' });
    await match.waitFor({ timeout: 60_000 });
    await count.getByText('1 of 1', { exact: true }).waitFor();
    assert.ok(await inView(match));
    // The Tab key continues from the match.
    await page.locator('.log-scroll').focus();
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Link to line 149999');
    await accessible(page, 'a large log');
  });

  await chapter('line numbers of six digits have the room that they need', async () => {
    await push('bb', 'count', 'Count far', configs.huge);
    const node = await open(page, 'Count far', 'huge');
    await page.locator('.node.n-passed').waitFor({ timeout: 60_000 });
    await node.click();
    await page.locator('summary', { hasText: 'Count' }).last().click();
    await page.getByRole('button', { name: 'End' }).click();
    const line = page.locator('.log-lines li', { hasText: 'entry 120000' });
    await line.waitFor();
    const [width, needed] = await line.locator('.no').evaluate((no) => {
      const style = getComputedStyle(no);
      const probe = document.createElement('span');
      probe.textContent = no.dataset.n;
      no.after(probe);
      const { width } = probe.getBoundingClientRect();
      probe.remove();
      return [parseFloat(style.width), width];
    });
    assert.ok(width >= needed - 0.5, `${width} px for ${needed}`);
  });

  await chapter('on paper a log is black, without the buttons', async () => {
    await page.emulateMedia({ media: 'print' });
    assert.ok(!await page.locator('.bar nav').isVisible() && !await page.locator('.log-tools').first().isVisible());
    const color = await page.locator('.log-lines code').first().evaluate((code) => getComputedStyle(code).color);
    assert.equal(color, 'rgb(0, 0, 0)');
    await page.emulateMedia({ media: 'screen' });
  });

}
