import { spawn } from 'node:child_process';

/** The program that opens a page; null where there is no browser with a window. */
function opener(): readonly [command: string, ...args: string[]] | null {
  switch (process.platform) {
    case 'darwin':
      return ['open'];
    case 'win32':
      return ['rundll32', 'url.dll,FileProtocolHandler'];
    default:
      // Without a display it would take a browser that draws on this terminal.
      return process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY'] ? ['xdg-open'] : null;
  }
}

/** Opens a page in the browser; where there is none, nothing happens. */
export function openPage(url: string): void {
  const found = opener();
  if (found === null) return;
  const [command, ...args] = found;
  // The browser outlives this command, and says nothing on its terminal.
  const browser = spawn(command, [...args, url], { stdio: 'ignore', detached: true });
  browser.on('error', () => {});
  browser.unref();
}
