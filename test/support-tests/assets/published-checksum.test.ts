import { describe, expect, it } from 'vitest';
import { findPublishedChecksum } from '../../cluster/assets/published-checksum.ts';

const sum = 'a'.repeat(64);
const other = 'b'.repeat(64);

describe('a published checksum', () => {
  it.each([
    ['is the only thing in the file', sum],
    ['ends with a line break', `${sum}\n`],
    ['stands before the name of its file', `${other}  other\n${sum}  etcd.tar.gz\n`],
    ['is marked as one of a binary file', `${sum} *etcd.tar.gz`],
    ['is written in capitals', sum.toUpperCase()],
  ])('is found when it %s', (_what, text) => {
    expect(findPublishedChecksum(text, 'etcd.tar.gz')).toBe(sum);
  });

  it.each([
    ['an empty file', ''],
    ['a page instead of a file', '<html>'],
    ['the sum of another file', `${other}  other.tar.gz`],
    ['a sum of another kind', 'a'.repeat(128)],
  ])('is not found in %s', (_what, text) => {
    expect(findPublishedChecksum(text, 'etcd.tar.gz')).toBeUndefined();
  });
});
