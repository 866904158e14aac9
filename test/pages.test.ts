import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { PAGE_STATES } from '@voteapp/web/testing/states';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { axeViolations, CHROMIUM, launchChromium, openPage } from './tools/browser.ts';
import { type PageStudio, startPageStudio } from './tools/page-studio.ts';
import { type RunningPoll, startPoll } from './tools/voteapp-process.ts';

let browser: Browser;

const text = (page: Page, selector: string): Promise<string> => page.locator(selector).innerText();

/** Runs in the page: the words of visible links and buttons that a thumb would miss. */
const TOO_SMALL_TARGETS = `[...document.querySelectorAll('a, button')]
  .filter((target) => target.checkVisibility())
  .filter((target) => Math.min(target.getBoundingClientRect().width, target.getBoundingClientRect().height) < 44)
  .map((target) => target.textContent)`;

describe.skipIf(CHROMIUM === undefined)('in Chromium', () => {
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  describe('every state of a page', () => {
    let studio: PageStudio;
    beforeEach(async () => {
      studio = await startPageStudio();
    });
    afterEach(() => studio.close());

    const names = Object.keys(PAGE_STATES);

    test('has nothing that axe-core objects to, in either theme', async () => {
      const { page, complaints } = await openPage(browser);
      await page.route('**/*.js', (route) => route.fulfill({ contentType: 'text/javascript', body: '' }));
      for (const name of names) {
        await page.goto(`${studio.url}/state/${name}`);
        expect(await axeViolations(page), name).toEqual([]);
        // A theme changes nothing but colours.
        await page.emulateMedia({ colorScheme: 'dark' });
        expect(await axeViolations(page, ['color-contrast']), `${name}, dark`).toEqual([]);
        await page.emulateMedia({ colorScheme: 'light' });
      }
      expect(complaints).toEqual([]);
    }, 120_000);

    test('fits 320 pixels, with targets of at least 44', async () => {
      const { page } = await openPage(browser, { viewport: { width: 320, height: 640 } });
      await page.route('**/*.js', (route) => route.fulfill({ contentType: 'text/javascript', body: '' }));
      for (const name of names) {
        await page.goto(`${studio.url}/state/${name}`);
        expect(await page.evaluate('document.documentElement.scrollWidth'), name).toBe(320);
        expect(await page.evaluate<string[]>(TOO_SMALL_TARGETS), name).toEqual([]);
      }
    }, 60_000);

    test('follows the poll through its states without a reload', async () => {
      const { page, complaints } = await openPage(browser);
      studio.show({ state: 'Scheduled', opensAt: new Date(Date.now() + 3_700_000).toISOString() }, [0, 0]);
      await page.goto(studio.url);
      await page.evaluate('window.sameDocument = true');
      await expect.poll(() => text(page, '.stage')).toMatch(/Not open yet.*Opens .* in 1 h 1 min/s);
      expect(await page.locator('button').count()).toBe(0);
      studio.show({ state: 'Open', title: 'A new title' }, [0, 0]);
      await expect.poll(() => page.locator('button').count(), { timeout: 10_000 }).toBe(2);
      expect(await text(page, 'h1')).toBe('A new title');
      studio.show({ state: 'Suspended' }, [3, 1]);
      await expect.poll(() => text(page, 'main'), { timeout: 10_000 }).toContain('Voting is paused');
      expect(await page.locator('button').count()).toBe(0);
      studio.show({ state: 'Final' }, [3, 1]);
      await expect.poll(() => text(page, 'main'), { timeout: 10_000 }).toMatch(/Coca.* wins with 75.0% of the votes/);
      expect(await page.evaluate('window.sameDocument')).toBe(true);
      expect(complaints).toEqual([]);
    });

    test('says so when a vote is refused', async () => {
      const { page } = await openPage(browser);
      studio.show({}, [0, 0]);
      studio.refuseVotes(true);
      await page.goto(studio.url);
      await page.getByRole('button', { name: 'Coca' }).click();
      await expect.poll(() => text(page, '[role=status]')).toContain('could not be stored');
      expect(await text(page, 'main')).not.toContain('Your vote');
    });

    test('takes the buttons away after a vote that cannot be changed, but not the focus', async () => {
      const { page, complaints } = await openPage(browser);
      studio.show({ policy: 'FirstVoteWins' }, [0, 0]);
      await page.goto(studio.url);
      await page.getByRole('button', { name: 'Pepsi' }).press('Enter');
      await expect.poll(() => text(page, '[data-option=pepsi]')).toContain('Your vote');
      expect(await page.locator('button').count()).toBe(0);
      expect(await page.evaluate('document.activeElement.role')).toBe('status');
      expect(complaints).toEqual([]);
    });

    test('says when the results are not live, and comes back by itself', async () => {
      const { page } = await openPage(browser);
      studio.show({}, [1, 0]);
      await page.goto(`${studio.url}/results`);
      await expect.poll(() => text(page, '[data-live]')).toBe('Live');
      studio.cutStreams(true);
      await expect.poll(() => text(page, '[data-live]'), { timeout: 10_000 }).toBe('Reconnecting…');
      studio.cutStreams(false);
      studio.show({}, [7, 0]);
      await expect.poll(() => text(page, '[data-live]'), { timeout: 20_000 }).toBe('Live');
      await expect.poll(() => text(page, '[data-option=coca]')).toContain('7 votes');
    });

    test('announces the final result', async () => {
      const { page, complaints } = await openPage(browser);
      studio.show({}, [1, 0]);
      await page.goto(`${studio.url}/results`);
      await expect.poll(() => text(page, '[data-live]')).toBe('Live');
      studio.show({ state: 'Final' }, [2, 2]);
      await expect.poll(() => text(page, '[role=status]')).toMatch(/Final result: A tie between/);
      expect(await text(page, '[data-option=pepsi]')).toContain('Tied for first');
      expect(complaints).toEqual([]);
    });
  });

  describe('with the services', () => {
    let folder: string;
    let running: RunningPoll;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'voteapp-pages-'));
      const file = join(folder, 'votingapp.yaml');
      const poll = {
        title: 'Who leaves?',
        options: [
          { id: 'coca', label: 'Coca' },
          { id: 'pepsi', label: 'Pepsi' },
        ],
      };
      const app = {
        apiVersion: 'voteapp.dev/v1alpha1',
        kind: 'VotingApp',
        metadata: { name: 'final' },
        spec: { poll },
      };
      await writeFile(file, JSON.stringify(app));
      running = await startPoll(join(folder, 'data'), { name: 'final', args: ['-f', file] });
    });
    afterAll(async () => {
      await running.stop();
      await rm(folder, { recursive: true });
    });

    test('a vote without JavaScript is shown after it, on return, and can be changed', async () => {
      const { page, complaints } = await openPage(browser, { javaScriptEnabled: false });
      await page.goto(running.urls.vote);
      await page.getByRole('button', { name: 'Coca' }).click();
      expect(await page.title()).toBe('You have voted – Who leaves?');
      expect(await text(page, '[data-option=coca]')).toContain('Your vote');
      await page.reload();
      expect(await text(page, '[data-option=coca]')).toContain('Your vote');
      await page.getByRole('button', { name: 'Pepsi' }).click();
      await page.goto(running.urls.vote);
      expect(await text(page, '[data-option=pepsi]')).toContain('Your vote');
      expect(await text(page, '[data-option=coca]')).not.toContain('Your vote');
      await expect.poll(async () => (await page.reload(), text(page, '[data-option=pepsi]'))).toContain('1 vote');
      expect(complaints).toEqual([]);
    });

    test('a vote by keyboard alone is marked and announced without a reload, and results follow live', async () => {
      const viewer = await openPage(browser);
      await viewer.page.goto(running.urls.results);
      await expect.poll(() => text(viewer.page, '[data-live]')).toBe('Live');
      await viewer.page.evaluate('window.sameDocument = true');

      const voter = await openPage(browser);
      await voter.page.goto(running.urls.vote);
      await voter.page.evaluate('window.sameDocument = true');
      await voter.page.keyboard.press('Tab');
      expect(await voter.page.evaluate('document.activeElement.textContent')).toContain('Coca');
      await voter.page.keyboard.press('Enter');
      await expect.poll(() => text(voter.page, '[role=status]')).toMatch(/Your vote for .?Coca.? is in/);
      await expect.poll(() => text(voter.page, '[data-option=coca]')).toContain('Your vote');
      expect(await voter.page.evaluate('document.activeElement.textContent')).toContain('Coca');
      await expect.poll(() => text(voter.page, '[data-option=coca]'), { timeout: 10_000 }).toContain('1 vote');
      await expect.poll(() => text(viewer.page, '[data-option=coca]'), { timeout: 10_000 }).toContain('1 vote');

      for (const { page, complaints } of [viewer, voter]) {
        expect(await page.evaluate('window.sameDocument')).toBe(true);
        expect(complaints).toEqual([]);
      }
    });
  });
});
