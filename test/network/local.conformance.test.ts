import { join } from 'node:path';
import test from 'ava';
import { LocalNetwork } from '../../src/network/local-network.js';
import { tempDir } from '../helpers/temp-dir.js';
import { networkConformance } from './conformance.js';

networkConformance('local', {
  register: test.serial,
  makePlace: async (t, slots) => {
    const resultsDir = join(await tempDir(t), 'root');
    return { connect: () => new LocalNetwork({ slots, resultsDir }) };
  },
});
