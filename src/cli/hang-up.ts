import { isatty } from 'node:tty';

/**
 * Watches whether the terminal goes away. The answer, called when all is done, ends the process by HUP then: Node would abort
 * while it restores the modes of a terminal that is gone.
 */
export function watchTerminal(): () => void {
  const terminals = [0, 1, 2].filter((fd) => isatty(fd));
  return () => {
    if (terminals.some((fd) => !isatty(fd))) process.kill(process.pid, 'SIGHUP');
  };
}
