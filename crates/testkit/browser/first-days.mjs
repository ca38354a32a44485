// Chapters on the first days: a server without settings, and a repository from its making to green.
import { accessible, assert, chapter, fits, emailLink, picture, push, settings, visitor } from './visitor.mjs';

const looks = [['light', 1280], ['dark', 1280], ['light', 390]];

// Every look of a page: no violation that axe knows of, and nothing to scroll sideways.
async function inEveryLook(page, name) {
  for (const [scheme, width] of looks) {
    await page.setViewportSize({ width, height: 860 });
    await page.emulateMedia({ colorScheme: scheme });
    await accessible(page, `${name}, ${scheme}, ${width}`);
    await fits(page, `${name} at ${width}`);
  }
  await page.setViewportSize({ width: 1280, height: 860 });
  await page.emulateMedia({ colorScheme: 'light' });
}

// Presses Tab until the element has the focus.
async function tabTo(page, element) {
  for (let tries = 0; tries < 60; tries += 1) {
    if (await element.evaluate((one) => one === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`the keyboard does not reach ${element}`);
}

export async function freshServer() {
  await chapter('a server without a Git provider says what to put where', async () => {
    const page = await visitor({ baseURL: settings.fresh });
    await page.goto('/');
    const card = page.locator('.sign-card', { hasText: 'Connect GitHub' });
    await card.getByText(`${settings.fresh}login/github/callback`).waitFor();
    await card.getByText('[github]').waitFor();
    await card.getByText(/add these lines to the settings file, roundel\.toml/).waitFor();
    // Where it is on the server is for its operator, who reads the log.
    assert.ok(!(await page.content()).includes('/fresh/'));
    // What is to be copied must be readable next to the button that copies it.
    for (const box of await page.locator('.sign-card copy-box').all()) {
      const [width, all] = await box.evaluate((one) =>
        [one.querySelector('.button').getBoundingClientRect().width, one.getBoundingClientRect().width]);
      assert.ok(width < all / 3, `the button is ${width} of ${all} px wide`);
    }
    await inEveryLook(page, 'landing of a fresh server');
    await page.goto('/login');
    await inEveryLook(page, 'sign-in of a fresh server');
    await page.context().close();
  });
}

export async function landing(page) {
  await chapter('the first page is in order, wide and narrow, light and dark', async () => {
    await page.goto('/');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await inEveryLook(page, 'landing');
    await picture(page, 'landing-light');
    await page.goto('/login');
    await inEveryLook(page, 'sign-in');
  });
}

// From "New repository" at the forge to a green pipeline, with the keyboard alone.
export async function addWithKeyboard(page, forge, title) {
  await chapter(`a repository that is made at ${title} is added and green, by keyboard`, async () => {
    const name = `sunrise-${forge}`;
    await page.goto(new URL('/new', settings.forges[forge]).href);
    const person = page.locator('button[name=login][value=visitor]');
    if (await person.count()) {
      await tabTo(page, person);
      await page.keyboard.press('Enter');
    }
    const field = page.getByLabel('Name', { exact: true });
    await field.waitFor();
    await accessible(page, `new repository at ${title}`);
    await page.getByLabel('Owner').selectOption('acme');
    await tabTo(page, field);
    await page.keyboard.type(name);
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/acme/${name}`);
    await page.goto('/add');
    const button = page.getByRole('button', { name: `Set up project acme/${name}` });
    await button.waitFor();
    await tabTo(page, button);
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/${forge}/acme/${name}/setup`);
    await page.getByRole('heading', { name: 'Ready' }).waitFor({ timeout: 60_000 });
    // The key is called as on the pages of the provider.
    const key = forge === 'gh' ? 'deploy key' : 'access key';
    await page.getByText(`Add a read-only ${key}`).waitFor();
    await page.goto(`/${forge}/acme/${name}/settings`);
    await page.getByRole('heading', { name: new RegExp(`^${key}$`, 'i') }).waitFor();
    await push(forge, name, 'Rise again', `version: 2.1
jobs: { rise: { machine: true, steps: [{ run: echo good morning }] } }
workflows: { main: { jobs: [rise] } }
`);
    await page.goto(`/${forge}/acme/${name}`);
    const row = page.locator('.pipeline', { hasText: 'Rise again' });
    await row.waitFor();
    await row.locator('.dial[title=Passed]').waitFor({ timeout: 60_000 });
    // What was set up can be run again from its page.
    await page.goto(`/${forge}/acme/${name}/setup`);
    const again = page.getByRole('button', { name: 'Run setup again' });
    // The page before says Ready, too: it is marked, to wait for the one that follows.
    await page.evaluate(() => document.body.setAttribute('data-before', ''));
    await tabTo(page, again);
    await page.keyboard.press('Enter');
    await page.locator('body:not([data-before])').waitFor();
    await page.getByRole('heading', { name: 'Ready' }).waitFor({ timeout: 60_000 });
    assert.equal(await page.locator('.setup-step.is-failed').count(), 0);
  });
}

export async function email(page) {
  await chapter('the link of an email leads to choices that can be undone', async () => {
    const reader = await visitor();
    await reader.goto(await emailLink());
    await reader.getByRole('heading', { name: /^Email notifications for/ }).waitFor();
    await inEveryLook(reader, 'email preferences by link');
    await reader.getByRole('button', { name: /^Unfollow/ }).click();
    await reader.getByText('You do not follow this project').waitFor();
    await accessible(reader, 'unfollowed by link');
    await reader.getByRole('button', { name: /^Follow/ }).click();
    await reader.getByRole('button', { name: /^Unfollow/ }).waitFor();
    await reader.context().close();
    await page.goto('/preferences');
    await page.getByRole('heading', { name: 'Preferences' }).waitFor();
    await inEveryLook(page, 'preferences');
  });
}

export async function phone(page) {
  await chapter('a phone shows every part of the navigation, and where a graph continues', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto('/gh/acme/greet');
    const inside = (box) => box && box.x >= 0 && box.x + box.width <= 390;
    for (const name of ['Pipelines', 'Projects', 'Add', 'Runners']) {
      const link = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name });
      assert.ok(inside(await link.boundingBox()), `${name} is in view`);
    }
    const tabs = page.getByRole('navigation', { name: 'Project' }).getByRole('link');
    const tops = await tabs.evaluateAll((all) => all.map((one) => Math.round(one.getBoundingClientRect().top)));
    assert.equal(new Set(tops).size, 1, `the tabs are in one row: ${tops}`);
    await page.getByRole('link', { name: 'Try a heavier door' }).click();
    const hint = await page.locator('.graph-frame').first().evaluate((frame) => getComputedStyle(frame).backgroundImage);
    assert.ok(hint.includes('gradient'), `the edge of a graph that continues has a shadow: ${hint}`);
    await page.locator('.node').first().click();
    const chip = page.locator('.chip.bad', { hasText: 'exit 3' });
    const { height } = await chip.boundingBox();
    assert.ok(height < 30, `the exit code is in one line: ${height} px`);
    await page.goto('/add');
    const row = page.locator('.organization li', { hasText: 'greet' });
    const top = async (name) => (await row.getByText(name).first().boundingBox()).y;
    assert.ok(Math.abs(await top('Run setup again') - await top('Open')) < 6, 'the buttons are in one row');
    await page.goto('/runners');
    const command = page.locator('copy-box .code');
    await page.locator('copy-box .button').waitFor();
    const hidden = await command.evaluate((one) => one.scrollWidth - one.clientWidth);
    assert.ok(hidden <= 0, `${hidden} px of the command are out of sight`);
    await page.setViewportSize({ width: 1280, height: 860 });
  });

  await chapter('times are in the time zone of the reader, and say which', async () => {
    const state = await page.context().storageState();
    const far = await visitor({ storageState: state, timezoneId: 'Asia/Kolkata' });
    await far.goto('/gh/acme/greet');
    const [title, at] = await far.waitForFunction(() => {
      const { title, dateTime } = document.querySelector('time[data-ago]');
      return /GMT\+5:30$/.test(title) && [title, dateTime];
    }).then((found) => found.jsonValue());
    const local = new Date(Date.parse(at) + 5.5 * 3_600_000).toISOString();
    assert.ok(title.startsWith(local.slice(0, 10)) && title.includes(local.slice(11, 16)), `${title} for ${at}`);
    await far.context().close();
  });
}
