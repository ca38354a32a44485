// Chapters on boxes to copy from, and on the borders of fields.
import { assert, chapter, visitor } from './visitor.mjs';

const KEY = { name: 'Copy Public key' };

export async function copying(page) {
  const state = await page.context().storageState();
  const settings = async (before) => {
    const other = await visitor({ storageState: state });
    await other.addInitScript(before);
    await other.goto('/gh/acme/greet/settings');
    await other.evaluate(() => document.addEventListener('copy', () => { window.copied = getSelection().toString(); }));
    return other;
  };

  await chapter('each button that copies says what, and that it has', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto('/gh/acme/greet/settings');
    await page.getByRole('button', { name: /^Copy ci\/roundel: / }).first().waitFor();
    const box = page.locator('#key copy-box');
    await box.getByRole('button', KEY).click();
    await box.getByRole('status').getByText('Copied').waitFor();
    const clipboard = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(clipboard, await box.locator('pre').textContent());
    await box.getByRole('button', KEY).waitFor();
    await page.context().clearPermissions();
  });

  // Browsers give a clipboard to https and to localhost only.
  await chapter('a page over plain HTTP copies without the clipboard of the browser', async () => {
    const plain = await settings(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
    const box = plain.locator('#key copy-box');
    await box.getByRole('button', KEY).click();
    await box.getByRole('status').getByText('Copied').waitFor();
    assert.equal(await plain.evaluate(() => window.copied), await box.locator('pre').textContent());
    assert.equal(await plain.evaluate(() => getSelection().toString()), '');
    await plain.context().close();
  });

  await chapter('where nothing can copy, the text is selected and the keys are said', async () => {
    const strict = await settings(() => {
      Object.defineProperty(navigator, 'clipboard', { value: undefined });
      document.execCommand = () => false;
    });
    const box = strict.locator('#key copy-box');
    await box.getByRole('button', KEY).click();
    await box.getByRole('status').getByText('Press Ctrl+C').waitFor();
    await strict.keyboard.press('Control+C');
    assert.equal(await strict.evaluate(() => window.copied), await box.locator('pre').textContent());
    await strict.context().close();
  });

  // WCAG 1.4.11, which axe does not check.
  await chapter('the border of a field stands out from what is around it', async () => {
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      for (const path of ['/', '/gh/acme/greet/settings', '/add']) {
        await page.goto(path);
        const weak = await page.evaluate(weakFields);
        assert.deepEqual(weak, [], `${path}, ${colorScheme}`);
      }
    }
    await page.emulateMedia({ colorScheme: 'light' });
  });
}

// Returns the fields whose border has less than 3:1 against their own ground or the one around them.
function weakFields() {
  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = (color) => {
    const linear = channels(color).slice(0, 3).map((one) => one / 255)
      .map((one) => (one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const contrast = (one, other) => {
    const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if ((channels(color)[3] ?? 1) === 1) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  const fields = 'input:not([type=hidden], [type=checkbox], [type=radio], [aria-invalid=true]), select, textarea';
  return [...document.querySelectorAll(fields)].filter((field) => field.checkVisibility()).flatMap((field) => {
    const border = getComputedStyle(field).borderTopColor;
    const least = Math.min(contrast(border, ground(field)), contrast(border, ground(field.parentElement)));
    return least < 3 ? [`${field.name || field.type}: ${least.toFixed(2)}`] : [];
  });
}
