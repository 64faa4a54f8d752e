import type { Option } from './option.ts';

/** The option that a mistyped name resembles; also one that is written as a variable or in camel case. */
export function resemblingOption(options: readonly Option[], name: string): Option | undefined {
  const written = name
    .replaceAll(/([a-z])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase();
  if (written === '') return undefined;
  return options.find(({ flag }) => flag.startsWith(written) || isOneEditAway(flag, written));
}

/** Whether two words differ by one character added, left out or replaced, or by two swapped. */
function isOneEditAway(left: string, right: string): boolean {
  let start = 0;
  while (start < left.length && left[start] === right[start]) start += 1;
  const leftRest = left.slice(start);
  const rightRest = right.slice(start);
  return (
    leftRest.slice(1) === rightRest ||
    leftRest === rightRest.slice(1) ||
    leftRest.slice(1) === rightRest.slice(1) ||
    (leftRest[0] === rightRest[1] &&
      leftRest[1] === rightRest[0] &&
      leftRest.slice(2) === rightRest.slice(2))
  );
}
