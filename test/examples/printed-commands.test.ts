import test from 'ava';
import { tempDir } from '../helpers/temp-dir.js';
import { listPages, type PrintedCommand, readHelp, readPage } from './printed/collect-commands.js';
import { ENDED_BATCHES } from './printed/ended-batches.js';
import { EXCEPTIONS } from './printed/exceptions.js';
import { FIRST_STEPS } from './printed/first-steps.js';
import { HELP_RUNS } from './printed/help-runs.js';
import { playScene } from './printed/play-scene.js';
import { findHarm } from './printed/refuse-harm.js';
import { RUNNING_BATCHES } from './printed/running-batches.js';
import { makeWorld, type World } from './printed/world.js';

const SCENES = { ...FIRST_STEPS, ...HELP_RUNS, ...RUNNING_BATCHES, ...ENDED_BATCHES };
const played = new Set(
  Object.values(SCENES).flatMap(({ steps }) =>
    steps.filter(({ printed }) => printed).map(({ command }) => command),
  ),
);

test.serial(
  'every command that is printed is run by a scene or excepted, and the tables hold no other',
  async (t) => {
    const commands = [...listPages().flatMap(readPage), ...(await readHelp(await tempDir(t)))];
    t.true(commands.length > 100);
    const known = new Set([...played, ...Object.keys(EXCEPTIONS)]);
    t.deepEqual(commands.filter(({ text }) => !known.has(text)).map(describe), [], 'printed, but not tested');
    const texts = new Set(commands.map(({ text }) => text));
    t.deepEqual(
      [...known].filter((text) => !texts.has(text)),
      [],
      'tested, but printed nowhere',
    );
    t.deepEqual(
      [...played].filter((text) => text in EXCEPTIONS),
      [],
      'tested and excepted',
    );
  },
);

test.serial('no printed command that is run can harm a machine', (t) => {
  for (const command of played) t.is(findHarm(command), undefined, command);
  for (const command of ['hostname lab01', 'gpool run -- hostname {} ::: 1', 'rm -rf x', 'kill -9 1'])
    t.not(findHarm(command), undefined, command);
});

const cleanings: (() => void | Promise<void>)[] = [];
let world: Promise<World> | undefined;

test.after.always('the hosts and the account go', async () => {
  for (const clean of cleanings.reverse()) await clean();
});

for (const [name, scene] of Object.entries(SCENES))
  test.serial(`what is printed does what is said of it, for an ordinary user: ${name}`, async (t) => {
    world ??= makeWorld({ teardown: (clean) => void cleanings.push(clean) });
    await playScene(t, await world, name, scene);
  });

function describe({ text, where }: PrintedCommand): string {
  return `${where}: ${text}`;
}
