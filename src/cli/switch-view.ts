import type { ProgressView } from './progress-view.js';

/** A view that a person may change for another one while it is shown. */
export interface SwitchedView extends ProgressView {
  /** Shows the next one, the first after the last; answers its name. */
  next(): string;
}

/** Shows the first of some views; each is made when its turn comes. */
export function createSwitchedView(
  views: readonly (readonly [name: string, create: () => ProgressView])[],
): SwitchedView {
  const create = (at: number): ProgressView => views[at]?.[1]() ?? NO_VIEW;
  let at = 0;
  let shown = create(at);
  let around = 0;
  return {
    before() {
      around += 1;
      shown.before();
    },
    after() {
      around -= 1;
      shown.after();
    },
    close: () => shown.close(),
    next() {
      shown.close();
      at = (at + 1) % views.length;
      shown = create(at);
      for (let open = around; open > 0; open -= 1) shown.before();
      return views[at]?.[0] ?? '';
    },
  };
}

/** Shows nothing. */
export const NO_VIEW: ProgressView = { before() {}, after() {}, close() {} };
