/** Dresses text for a terminal, or leaves it plain. */
export interface Paint {
  readonly bold: Dress;
  readonly dim: Dress;
  readonly red: Dress;
  readonly green: Dress;
  readonly yellow: Dress;
  readonly cyan: Dress;
}

export type Dress = (text: string) => string;

export type ColorChoice = 'auto' | 'always' | 'never';

/** Whether to colour: the flag, then NO_COLOR, CLICOLOR_FORCE, CLICOLOR, then whether it is a terminal that can. */
export function wantsColor(choice: ColorChoice, env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (choice !== 'auto') return choice === 'always';
  if (env.NO_COLOR) return false;
  if (isSet(env.CLICOLOR_FORCE)) return true;
  if (env.CLICOLOR === '0') return false;
  return isTerminal && env.TERM !== 'dumb';
}

export function createPaint(color: boolean): Paint {
  const dress = (open: number, close: number): Dress =>
    color ? (text) => `\u001b[${open}m${text}\u001b[${close}m` : (text) => text;
  return {
    bold: dress(1, 22),
    dim: dress(2, 22),
    red: dress(31, 39),
    green: dress(32, 39),
    yellow: dress(33, 39),
    cyan: dress(36, 39),
  };
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0';
}
