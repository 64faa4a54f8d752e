import { afterAll, beforeAll } from 'vitest';
import { BuiltImage } from './harness/built-image.ts';
import { commandsSuite } from './suites/commands.ts';
import { contentsSuite } from './suites/contents.ts';
import { serversSuite } from './suites/servers.ts';

let built: BuiltImage | undefined;

function image(): BuiltImage {
  if (built === undefined) throw new Error('the image was not built');
  return built;
}

beforeAll(async () => {
  built = await BuiltImage.build((line) => process.stderr.write(`image: ${line}\n`));
});

afterAll(() => built?.remove());

contentsSuite(image);
commandsSuite(image);
serversSuite(image);
