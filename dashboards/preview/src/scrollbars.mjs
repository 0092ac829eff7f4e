// The package is CommonJS, and its default export comes out wrapped.
export { Scrollbars as default, Scrollbars } from './../node_modules/react-custom-scrollbars-2/lib/index.js';
