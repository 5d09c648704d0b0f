import { styleText } from 'node:util';

/** Where progress goes: lines that stay, and on a terminal one status line that is rewritten. */
export interface Screen {
  line(text: string): void;
  status(text: string): void;
  /** Removes the status line. */
  end(): void;
}

/** The escape sequence that clears the current line (ECMA-48, EL), after a carriage return. */
const clearLine = '\r\u001b[2K';

/** How often a log gets a status line where nothing can be rewritten. */
const plainStatusEveryMs = 15_000;

export function screenOn(stream: NodeJS.WriteStream): Screen {
  return stream.isTTY ? liveScreen(stream) : plainScreen(stream);
}

function liveScreen(stream: NodeJS.WriteStream): Screen {
  let shown = '';
  return {
    line(text) {
      stream.write(`${clearLine}${text}\n${shown}`);
    },
    status(text) {
      // A line that wraps could not be cleared.
      shown = text.slice(0, Math.max(20, stream.columns - 1));
      stream.write(clearLine + styled('dim', shown, stream));
    },
    end() {
      shown = '';
      stream.write(clearLine);
    },
  };
}

function plainScreen(stream: NodeJS.WriteStream): Screen {
  let last = Date.now();
  return {
    line(text) {
      stream.write(`${text}\n`);
      last = Date.now();
    },
    status(text) {
      if (Date.now() - last < plainStatusEveryMs) return;
      stream.write(`${text}\n`);
      last = Date.now();
    },
    end() {},
  };
}

type Style = Parameters<typeof styleText>[0];

/** Styled when the stream is a terminal that wants colours (NO_COLOR, FORCE_COLOR), plain otherwise. */
export const styled = (style: Style, text: string, stream: NodeJS.WriteStream): string =>
  styleText(style, text, { stream });
