import { render } from 'preact';
import { App } from './app.tsx';
import { openBlock } from './blocks.ts';
import './style.css';

const index = await openBlock('index');
render(<App index={index} />, document.getElementById('app') as HTMLElement);
// For whoever measures how long it took (harness/bench/page.ts).
performance.mark('usable');
