/**
 * The page's only script, as it is sent. It listens for change numbers, fetches the page it stands on again and
 * swaps what can change, keeping focus, scroll position, what is open and what is being selected. Without it the page
 * is complete, only as old as its last loading.
 */
export const liveScript = `'use strict';
(() => {
  const byId = (id) => document.getElementById(id);
  const live = byId('live');
  let lost = '', waiting = false, busy = false, again = false;

  const say = (text, tone) => { if (live.textContent !== text) live.textContent = text; live.className = tone; };
  const clockTime = () => new Date().toLocaleTimeString(undefined, { hour12: false });
  const selecting = () => { const s = getSelection(); return s && !s.isCollapsed && byId('main').contains(s.anchorNode); };
  const typing = () => document.activeElement && document.activeElement.matches('main input');

  const keyOf = (node) => {
    if (!node || !byId('main').contains(node)) return null;
    if (node.id) return (root) => root.querySelector('#' + CSS.escape(node.id));
    const owner = node.closest('[id]'), tag = node.tagName, href = node.getAttribute('href');
    return (root) => [...(root.querySelector('#' + CSS.escape(owner.id)) || root).querySelectorAll(tag)]
      .find((one) => one.getAttribute('href') === href);
  };

  const swap = (next) => {
    const main = byId('main'), fresh = next.getElementById('main');
    const open = new Map([...main.querySelectorAll('details[id]')].map((one) => [one.id, one.open]));
    const focus = keyOf(document.activeElement), [left, top] = [scrollX, scrollY];
    fresh.querySelectorAll('details[id]').forEach((one) => { if (open.has(one.id)) one.open = open.get(one.id); });
    for (const id of ['health', 'places']) byId(id).replaceChildren(...next.getElementById(id).childNodes);
    main.dataset.stamp = fresh.dataset.stamp;
    main.replaceChildren(...fresh.childNodes);
    if (focus) focus(main)?.focus({ preventScroll: true });
    scrollTo({ left, top, behavior: 'instant' });
  };

  const renew = async () => {
    if (busy) { again = true; return; }
    if (selecting() || typing()) { waiting = true; return; }
    busy = true;
    try {
      const answer = await fetch(location.href, { cache: 'no-store' });
      if (answer.ok) swap(new DOMParser().parseFromString(await answer.text(), 'text/html'));
    } catch { /* the stream tells of it */ }
    busy = false;
    if (again) { again = false; await renew(); }
  };
  const resume = () => { if (waiting && !selecting() && !typing()) { waiting = false; renew(); } };
  document.addEventListener('selectionchange', resume);
  document.addEventListener('focusout', () => setTimeout(resume));

  const listen = () => {
    const stream = new EventSource('/events');
    const stamped = ({ data }) => {
      lost = ''; say('live', 'live on');
      if (data !== byId('main').dataset.stamp) renew();
    };
    stream.addEventListener('hello', stamped);
    stream.addEventListener('change', stamped);
    stream.addEventListener('error', () => {
      lost ||= clockTime();
      say('not live since ' + lost, 'live lost');
      if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 15000);
    });
    addEventListener('pagehide', () => stream.close(), { once: true });
  };
  addEventListener('pageshow', (event) => { if (event.persisted) listen(); });
  setInterval(() => { if (!document.hidden && !lost) renew(); }, 30000);
  listen();
})();
`;
