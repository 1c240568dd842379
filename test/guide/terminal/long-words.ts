/** What is said of an input, wider than a terminal. */
export const long = {
  label: 'Folder of the shared drive in which the orders of all plants in this country are put down',
  help: 'It is the one that your colleagues of the warehouse see as drive O, and not the one that they call the archive',
};
