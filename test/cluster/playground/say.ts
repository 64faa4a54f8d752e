/** Says something about the playground itself; the commands to try and the webhook's log are standard output. */
export function say(text: string): void {
  process.stderr.write(`playground: ${text}\n`);
}
