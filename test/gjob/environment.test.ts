import { execFileSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { GjobHost, run } from './bridge-client.js';

/** What a login may export that would change a bash or its programs, each with a value that does so. */
const VARIABLES = {
  CDPATH: '/:/usr',
  BASHOPTS: 'failglob:nocasematch:xpg_echo',
  SHELLOPTS: 'noglob:noclobber',
  BASH_ENV: '/nonexistent/env',
  ENV: '/nonexistent/env',
  POSIXLY_CORRECT: 'y',
  GLOBIGNORE: '*',
  IFS: 'abc',
  TMOUT: '1',
  TAPE: '/dev/null',
  TAR_OPTIONS: '--bogus',
  GREP_OPTIONS: '-v',
  TIME_STYLE: 'bogus',
  LS_COLORS: 'bogus',
  PS4: 'x',
  LANG: 'C.UTF-8',
  LC_ALL: 'C.UTF-8',
  TZ: 'Asia/Tokyo',
  TMPDIR: '/nonexistent',
  HOSTNAME: 'elsewhere',
  SECONDS: '77',
  RANDOM: '7',
  LINENO: '7',
  FUNCNEST: '7',
  OPTIND: '7',
  EXECIGNORE: '/bin/*',
  HISTFILE: '/nonexistent',
  g_root: '/nonexistent',
  g_out: 'x',
  'a.b': 'dots',
  'BASH_FUNC_cd%%': '() {  echo shadowed; builtin cd "$@"; }',
  'BASH_FUNC_printf%%': '() {  builtin printf "shadowed %s" "$@"; }',
  'BASH_FUNC_read%%': '() {  return 1; }',
  'BASH_FUNC_mkdir%%': '() {  return 1; }',
};
const SCRIPT = [
  'env -0 | sort -z | grep -zv "^\\(GPOOL_[A-Z]*\\|PWD\\|OLDPWD\\|_\\)=" | tr "\\0" "\\n"',
  'echo "$-" "$BASHOPTS"; declare -F; cd /usr >/dev/null && pwd; printf "%s\\n" end',
].join('\n');

test.serial(
  'what a login exports changes nothing of the helper, and a job sees it as any bash of that login does',
  async (t) => {
    const host = await GjobHost.create(t, { env: VARIABLES });
    const bridge = host.bridge();
    await bridge.ask(run('1.1', SCRIPT));
    await bridge.event('X', '1.1');
    const script = join(host.root, 'plain');
    await writeFile(script, SCRIPT);
    const env = { ...process.env, HOME: host.root, ...VARIABLES };
    const plain = execFileSync('bash', [script], { env, stdio: ['ignore', 'pipe', 'ignore'] });
    const lines = (text: string) =>
      text.split('\n').filter((line) => !/^(SHLVL|BASHOPTS|SHELLOPTS)=/.test(line));
    t.deepEqual(lines((await host.read('1.1', 'log')) ?? ''), lines(plain.toString('latin1')));
  },
);

test.serial(
  'neither directory nor batch stands in the process list of agent, supervisor or job, or in the environment of the first two',
  async (t) => {
    const host = await GjobHost.create(t, { env: { CANARY: 'canary-91' } });
    const bridge = host.bridge();
    await bridge.ask(run('1.1', 'echo "$0"; sleep 60'));
    await bridge.event('S', '1.1');
    const helpers = [...(await host.processes('agent')), ...(await host.processes('supervisor'))];
    t.is(helpers.length, 2);
    for (const pid of [...helpers, ...(await host.jobProcesses())])
      t.notRegex(await readFile(`/proc/${pid}/cmdline`, 'latin1'), /batch-1|host-1|gpool-test/);
    for (const pid of helpers)
      t.notRegex(await readFile(`/proc/${pid}/environ`, 'latin1'), /batch-1|host-1|canary/);
  },
);

test.serial(
  'a job that goes where its script is finds nothing there but that, and can call itself again',
  async (t) => {
    const host = await GjobHost.create(t);
    const bridge = host.bridge();
    const script =
      '(($# == 0)) || { echo again; exit; }\nbash "$0" x; cd "$(dirname "$0")"; ls -A; seq 3 >log; rm -f -- *';
    await bridge.ask(run('1.1', script));
    t.deepEqual((await bridge.event('X', '1.1')).slice(3, 5), ['code', '0']);
    t.is(await host.read('1.1', 'log'), 'again\nscript\n');
    t.deepEqual(await readdir(host.work('1.1')), []);
  },
);
