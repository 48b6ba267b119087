import { timingSafeEqual } from 'node:crypto';
import ssh2, {
  type AuthContext,
  type AuthenticationType,
  type KeyboardAuthContext,
  type PublicKeyAuthContext,
} from 'ssh2';
import type { EmbeddedHostSetup } from './embedded-host.js';

/** Answers one login attempt. Any user name is the one account. */
export function judgeLogin(context: AuthContext, setup: EmbeddedHostSetup): void {
  const settle = (allowed: boolean) => {
    if (allowed) context.accept();
    else context.reject(openMethods(setup));
  };
  if (setup.faults?.refuseAuth) settle(false);
  else if (context.method === 'publickey') settle(keyAllowed(context, setup));
  else if (context.method === 'password') settle(sameText(context.password, setup.password));
  else if (context.method === 'keyboard-interactive') ask(context, setup.questions ?? [], settle);
  else settle(false);
}

function openMethods(setup: EmbeddedHostSetup): AuthenticationType[] {
  const methods: AuthenticationType[] = [];
  if (setup.publicKey !== false) methods.push('publickey');
  if (setup.password !== undefined) methods.push('password');
  if (setup.questions !== undefined) methods.push('keyboard-interactive');
  return methods;
}

function keyAllowed(context: PublicKeyAuthContext, setup: EmbeddedHostSetup): boolean {
  if (setup.publicKey === false) return false;
  const offered = context.key.data.toString('base64');
  const line = setup.authorizedKeys.find((known) => known.split(' ')[1] === offered);
  if (line === undefined) return false;
  // Without a signature the client only asks whether the key would do.
  if (context.signature === undefined || context.blob === undefined) return true;
  const key = ssh2.utils.parseKey(line);
  return !(key instanceof Error) && key.verify(context.blob, context.signature, context.hashAlgo) === true;
}

function ask(
  context: KeyboardAuthContext,
  questions: NonNullable<EmbeddedHostSetup['questions']>,
  settle: (allowed: boolean) => void,
): void {
  const prompts = questions.map(({ prompt }) => ({ prompt, echo: false }));
  if (prompts.length === 0) settle(false);
  else
    context.prompt(prompts, (answers) =>
      settle(questions.every(({ answer }, index) => sameText(answers[index] ?? '', answer))),
    );
}

function sameText(given: string, wanted: string | undefined): boolean {
  if (wanted === undefined) return false;
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
