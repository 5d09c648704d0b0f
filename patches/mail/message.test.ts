import { describe, expect, test } from 'vitest';
import { parseHeaders } from './headers.ts';
import { readMessage } from './message.ts';
import { parseSubject } from './subject.ts';
import { decodeQuotedPrintable, decodeWords } from './transfer.ts';

const latin1 = (text: string): string => Buffer.from(text).toString('latin1');

describe('parseHeaders', () => {
  test('unfolds fields and finds the body', () => {
    const text = 'Subject: one\n two\nTo: a\nTo: b\n\nbody\n';
    const head = parseHeaders(text);
    expect(head?.fields.get('subject')).toEqual(['one two']);
    expect(head?.fields.get('to')).toEqual(['a', 'b']);
    expect(text.slice(head?.bodyAt)).toBe('body\n');
  });

  test('reads past an mbox separator and CR LF', () => {
    expect(
      parseHeaders('From a Thu Jan  7 02:37:45 2021\r\nSubject: x\r\n\r\nb')?.fields.get('subject'),
    ).toEqual(['x']);
  });

  test.for([
    ['prose', 'This is no mail.\n\nAt all.\n'],
    ['a diff', 'diff --git a/a b/a\n--- a/a\n'],
    ['a continuation first', ' folded\nSubject: x\n\n'],
    ['nothing', ''],
  ] as const)('%s is no header', ([, text]) => {
    expect(parseHeaders(text)).toBeUndefined();
  });

  test('takes no longer for a line of many colons', () => {
    const started = performance.now();
    expect(parseHeaders(`${'a:'.repeat(100_000)}!\n?\n\n`)).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('transfer encodings', () => {
  test('quoted-printable: soft breaks go, bytes come back, what is no escape stays', () => {
    expect(decodeQuotedPrintable('a=3Db=\nc=E4 =zz= \nd')).toBe('a=bc\u00e4 =zzd');
  });

  test('encoded words in any charset, and none', () => {
    expect(decodeWords('=?utf-8?Q?J=C3=B6rg_?= =?iso-8859-1?B?5Q==?= <a@b>')).toBe('Jörg å <a@b>');
    expect(decodeWords(latin1('Jörg'))).toBe('Jörg');
    expect(decodeWords('=?no-such-charset?Q?a?=')).toBe('a');
  });
});

describe('parseSubject', () => {
  test.for([
    [
      '[PATCH v3 08/13] io_uring: x',
      { version: 3, part: 8, total: 13, patch: true, reply: false, title: 'io_uring: x' },
    ],
    ['[PATCHv8 3/6] x', { version: 8, part: 3, total: 6, patch: true }],
    ['[RFC][PATCH 10/13] x', { version: 1, part: 10, patch: true, words: ['rfc'] }],
    ['[PATCHSET v1 RFC liburing 0/6] x', { part: 0, total: 6, words: ['liburing', 'rfc'] }],
    ['[PATCH V2] x', { version: 2, patch: true }],
    [
      'Re: [dm-devel] [PATCH for-next v2 1/2] x',
      { reply: true, version: 2, words: ['dm-devel', 'for-next'] },
    ],
    ['AW: Re: x [1]', { reply: true, patch: false, title: 'x [1]' }],
    ['regarding: x', { reply: false, title: 'regarding: x' }],
    ['', { title: '', reply: false, patch: false }],
  ] as const)('%s', ([text, wanted]) => {
    expect(parseSubject(text)).toMatchObject(wanted);
  });
});

const mail = (head: string, body: string): string => `From: A <a@example.org>\nSubject: s\n${head}\n${body}`;

describe('readMessage', () => {
  test('reads who, when, what about and what it answers', () => {
    const [message] = readMessage(
      'From: "B, A" <a@example.org>\nDate: Thu, 7 Jan 2021 02:37:45 +0000 (UTC)\nSubject: =?utf-8?q?=C3=A4?=\nMessage-ID: <1@x>\nIn-Reply-To: <0@x>\nReferences: <r@x> <0@x>\n\nbody\n',
    );
    expect(message).toMatchObject({
      id: '1@x',
      parents: ['0@x', 'r@x'],
      author: 'B, A <a@example.org>',
      isMail: true,
    });
    expect(message?.date?.toISOString()).toBe('2021-01-07T02:37:45.000Z');
    expect(message?.subject.title).toBe('ä');
  });

  test('a text without a header is one part', () => {
    expect(readMessage('Description: x\n\nwords\n')).toMatchObject([
      { isMail: false, parts: [{ text: 'Description: x\n\nwords\n' }] },
    ]);
  });

  test('takes text and attached patches out of nested parts, passes HTML over, and says so', () => {
    const inner = '--in\nContent-Type: text/plain\n\nhello\n--in\nContent-Type: text/html\n\n<p>\n--in--\n';
    const patch = Buffer.from('--- a/a\n+++ b/a\n').toString('base64');
    const body = `--out\nContent-Type: multipart/alternative; boundary="in"\n\n${inner}\n--out\nContent-Type: application/octet-stream; name=x.patch\nContent-Transfer-Encoding: base64\n\n${patch}\n--out\nContent-Type: image/png\n\nPNG\n--out--\nafter`;
    const [message] = readMessage(mail('Content-Type: multipart/mixed; boundary=out\n', body));
    expect(message?.parts.map(({ text, fileName }) => [text, fileName])).toEqual([
      ['hello', undefined],
      ['--- a/a\n+++ b/a\n', 'x.patch'],
    ]);
    expect(message?.notes).toEqual(['an HTML part was passed over']);
  });

  test('attached messages and patches with a header become messages of their own', () => {
    const attached = 'Message-ID: <2@x>\nSubject: [PATCH 2/2] two\n\nwhy\n';
    const body = `--b\n\nsee below\n--b\nContent-Type: message/rfc822\n\n${attached}--b\nContent-Type: text/x-patch; name=0001.patch\n\nFrom ${'0'.repeat(40)} Mon Sep 17 00:00:00 2001\nFrom: C <c@example.org>\nSubject: [PATCH 1/2] one\n\n--b--\n`;
    const messages = readMessage(
      mail('Message-ID: <1@x>\nContent-Type: multipart/mixed; boundary=b\n', body),
    );
    expect(messages.map(({ id, subject, parents }) => [id, subject.part, parents])).toEqual([
      ['1@x', undefined, []],
      ['2@x', 2, ['1@x']],
      ['0001.patch.1@x', 1, ['1@x']],
    ]);
  });

  test('CR LF, flowed text and the charset are known of a part', () => {
    const head = 'Content-Type: Text/Plain; charset="ISO-8859-1"; format=flowed; delsp=YES\n';
    const [message] = readMessage(mail(head, 'a\nb\n').replaceAll('\n', '\r\n'));
    expect(message?.parts).toMatchObject([
      { text: 'a\nb\n', crLf: true, flowed: true, deleteSpace: true, charset: 'iso-8859-1' },
    ]);
  });

  test('a mail of very many parts, nested or not, ends soon, and says what was not read', () => {
    let body = '--b0\n\ndeep\n';
    for (let depth = 1; depth < 2000; depth += 1)
      body = `--b${depth}\nContent-Type: multipart/mixed; boundary=b${depth - 1}\n\n${body}`;
    const [deep] = readMessage(mail('Content-Type: multipart/mixed; boundary=b1999\n', body));
    expect(deep).toMatchObject({ parts: [], notes: ['parts nested more than 8 deep were not opened'] });
    const wide = '--w\n\nx\n'.repeat(10_000);
    const [many] = readMessage(mail('Content-Type: multipart/mixed; boundary=w\n', wide));
    expect(many?.parts.length).toBe(200);
    expect(many?.notes).toEqual(['of a message in more than 200 parts the rest was not read']);
  });
});
