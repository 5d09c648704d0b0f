/**
 * Text from a patch, fit for a terminal: whoever wrote the patch must not be able to move the cursor,
 * set the title or hide a line. Tabs stay.
 */
export const printable = (text: string): string =>
  text.replaceAll(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, '\ufffd');
