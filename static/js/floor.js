/* The floor keeps itself fresh as the board does, and keeps the visit beside it as new as its card. */

import { keepFresh } from "./board-live.js";

keepFresh({ held: () => false, weaving: () => {}, woven: () => {} });
