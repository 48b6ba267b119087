import { describeFinding, flattenIssue } from '../spec/issues.js';
import { controlError, type Question } from './control-protocol.js';
import { questionSchema } from './question-schema.js';

/** One line that came through the control socket. Throws a StateError (E_CONTROL) that says what is wrong with it. */
export function parseQuestion(line: string): Question {
  const { data, error } = questionSchema.safeParse(parseJson(line));
  if (data) return data;
  const [first] = error.issues.flatMap((issue) => flattenIssue(issue));
  throw controlError(
    `the question is not understood: ${first ? describeFinding(first) : 'for no known reason'}`,
  );
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw controlError('the question is not JSON');
  }
}
