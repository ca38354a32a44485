// Every page works without this. With it, pages stay live, logs can be searched, keys work.
import { start } from './live.js';
import './log.js';
import './keys.js';
import './small.js';
import './time.js';

document.documentElement.classList.add('scripted');
start();
