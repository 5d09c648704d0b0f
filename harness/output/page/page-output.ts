import type { Output } from '../report.ts';
import { ledgerHistory } from './ledger-history.ts';
import { renderPage } from './render.ts';

/** The page as one of the formats of a report, with the history that the ledger of this machine has. */
export const pageOutput: Output = { render: (run) => renderPage(run, ledgerHistory()) };
