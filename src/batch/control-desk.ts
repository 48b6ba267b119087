import { parseAttemptId } from '../events/attempt-id.js';
import type { BatchDirectory } from '../journal/batch-directory.js';
import type { Manager } from '../manager/manager.js';
import type { BatchState } from '../queue/batch-state.js';
import type { BatchOverview } from './batch-overview.js';
import type { BatchProgress } from './batch-progress.js';
import type { BatchStatus } from './batch-status.js';
import { type Answers, controlError, MOST_OUTPUT_BYTES, type PlainQuestion } from './control-protocol.js';
import type { ControlDesk } from './control-server.js';
import type { Answer } from './explain-word.js';
import { describeOrder } from './order-answer.js';

/** What the questions are about. */
export interface DeskSubject {
  readonly directory: BatchDirectory;
  readonly state: BatchState;
  readonly manager: Pick<Manager, 'order'>;
  readonly progress: () => BatchProgress;
  readonly status: () => BatchStatus;
  readonly overview: (most: number) => BatchOverview;
  /** Throws a SpecError for a word that is neither a job nor a host. */
  readonly why: (word: string) => Answer;
  /** What a running attempt has written so far, from its host. */
  readonly readRunning: (
    attempt: string,
    stream: 'stdout' | 'stderr',
    range: { readonly from: number; readonly maxBytes: number },
  ) => Promise<Buffer>;
}

/** Answers questions about a batch that runs in this process, from memory. */
export function createDesk(subject: DeskSubject): ControlDesk {
  const { directory, state } = subject;
  return {
    directory: directory.path,
    journalFile: directory.journalFile,
    lastSeq: () => state.seq,
    answer: (question) => answer(question, subject),
  };
}

async function answer(question: PlainQuestion, subject: DeskSubject): Promise<Answers[keyof Answers]> {
  switch (question.ask) {
    case 'status':
      return subject.status();
    case 'overview':
      return subject.overview(question.most);
    case 'progress':
      return subject.progress();
    case 'hosts':
      return subject.progress().hosts;
    case 'why':
      return subject.why(question.word);
    case 'order':
      return describeOrder(await subject.manager.order(question.order), subject.state);
    case 'output':
      return readOutput(question, subject);
  }
}

async function readOutput(
  { attempt, stream, from }: Extract<PlainQuestion, { ask: 'output' }>,
  { state, readRunning }: DeskSubject,
): Promise<string> {
  const { job, n } = parseAttemptId(attempt);
  if (!state.jobById.get(job)?.attempts[n - 1]) throw controlError(`there is no attempt ${attempt}`);
  const bytes = await readRunning(attempt, stream, { from, maxBytes: MOST_OUTPUT_BYTES });
  return bytes.toString('base64');
}
