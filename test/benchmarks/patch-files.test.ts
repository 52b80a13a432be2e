import { describe, expect, it } from 'vitest';
import { filesOfPatch, pathsOfPatch, testFiles } from '../../src/bench/patch-files.ts';

const patch = (...lines: string[]): string => `${lines.join('\n')}\n`;

const CHANGED = patch(
  'diff --git a/src/x.py b/src/x.py',
  '--- a/src/x.py',
  '+++ b/src/x.py',
  '@@ -1 +1 @@',
  '-a',
  '+b',
);
const ADDED = patch(
  'diff --git a/tests/test_new.py b/tests/test_new.py',
  'new file mode 100644',
  '--- /dev/null',
  '+++ b/tests/test_new.py',
  '@@ -0,0 +1,2 @@',
  '+import os',
  '+++ b/not/a/file.py',
);
const DELETED = patch(
  'diff --git a/tests/test_old.py b/tests/test_old.py',
  'deleted file mode 100644',
  '--- a/tests/test_old.py',
  '+++ /dev/null',
  '@@ -1,2 +0,0 @@',
  '-x',
  '--- a/not/a/file.py',
);
const RENAMED = patch(
  'diff --git a/tests/before.py b/tests/later/after.py',
  'similarity index 100%',
  'rename from tests/before.py',
  'rename to tests/later/after.py',
);
const BINARY = patch(
  'diff --git a/img/logo.png b/img/logo.png',
  'new file mode 100644',
  'index 0000000..1234567',
  'GIT binary patch',
  'literal 3',
  'Kcmb',
  '',
  'literal 0',
  'HcmV?d00001',
);

describe('the files of a patch', () => {
  it('are named as they are afterwards, with what happened to them', () => {
    expect(filesOfPatch(CHANGED + ADDED + DELETED + RENAMED + BINARY)).toEqual([
      { path: 'src/x.py', previous: null, kind: 'changed' },
      { path: 'tests/test_new.py', previous: null, kind: 'added' },
      { path: 'tests/test_old.py', previous: null, kind: 'deleted' },
      { path: 'tests/later/after.py', previous: 'tests/before.py', kind: 'changed' },
      { path: 'img/logo.png', previous: null, kind: 'added' },
    ]);
  });

  it('are found in a patch that git did not make', () => {
    const plain = patch(
      '--- a/one.c\t2020-01-01 00:00:00',
      '+++ b/one.c\t2020-01-02 00:00:00',
      '@@ -1,2 +1,2 @@',
      ' same',
      '--- gone',
      '+++ come',
      '--- a/two.c',
      '+++ b/two.c',
      '@@ -1 +1 @@',
      '-a',
      '+b',
    );
    expect(pathsOfPatch(plain)).toEqual(['one.c', 'two.c']);
  });

  it('may have any name', () => {
    const odd = patch(
      'diff --git "a/sp\\303\\244t \\"x\\".py" "b/sp\\303\\244t \\"x\\".py"',
      'new file mode 100644',
      '--- /dev/null',
      '+++ "b/sp\\303\\244t \\"x\\".py"',
      '@@ -0,0 +1 @@',
      '+a',
      'diff --git a/with space b/with space',
      'old mode 100644',
      'new mode 100755',
    );
    expect(pathsOfPatch(odd)).toEqual(['spät "x".py', 'with space']);
  });

  it('with line ends of Windows are the same', () => {
    expect(pathsOfPatch((CHANGED + ADDED).replaceAll('\n', '\r\n'))).toEqual(['src/x.py', 'tests/test_new.py']);
  });

  it('are none in no patch', () => {
    expect([filesOfPatch(''), filesOfPatch('hello\nworld\n')]).toEqual([[], []]);
  });

  it('are counted once, under both names', () => {
    expect(pathsOfPatch(RENAMED + RENAMED)).toEqual(['tests/later/after.py', 'tests/before.py']);
  });
});

describe('the files that a test command is to run', () => {
  it('are those with tests in them', () => {
    const data = CHANGED.replaceAll('src/x.py', 'tests/data.json');
    expect(testFiles(CHANGED + ADDED + DELETED + RENAMED + BINARY + data)).toEqual([
      'src/x.py',
      'tests/test_new.py',
      'tests/later/after.py',
    ]);
  });

  it('are modules for Django', () => {
    const forms = CHANGED.replaceAll('src/x.py', 'tests/forms_tests/field_tests/test_x.py');
    expect(testFiles(forms, 'django/django')).toEqual(['forms_tests.field_tests.test_x']);
    expect(testFiles(forms, 'other/django')).toEqual(['tests/forms_tests/field_tests/test_x.py']);
  });
});
