/**
 * The guide's only script, as it is sent. It hears of changes, fetches the page again and puts in what differs: lines
 * are added to a progress, and what a person typed, opened, scrolled or focused stays while the same is asked. Without
 * it everything can be done as well; a page that changes by itself is then loaded again every few seconds.
 */
export const liveScript = `'use strict';
(() => {
  const byId = (id) => document.getElementById(id);
  const place = document.body.dataset.place;
  let lost = '', busy = false, again = false, leaving = false, stream;

  const say = (text, tone) => { const live = byId('live'); if (live.textContent !== text) live.textContent = text; live.className = tone; };
  const clockTime = () => new Date().toLocaleTimeString(undefined, { hour12: false });

  const keyOf = (block) => block.className.split(' ')[0] + (block.id || '');
  const addLines = (old, next) => {
    const [have, come] = [old.querySelector('ol'), next.querySelector('ol')];
    if (!have || !come) return false;
    const end = Number(have.dataset.from) + have.children.length;
    const from = Number(come.dataset.from);
    if (from > end) return false;
    have.append(...[...come.children].slice(end - from));
    return true;
  };
  const mend = (old, next) => {
    if (old.isEqualNode(next)) return;
    if (!old.classList.contains('progress')) { next.open = old.open; old.replaceWith(next); return; }
    const [bar, fresh] = [old.querySelector('.bar'), next.querySelector('.bar')];
    const [meter, now] = [bar.querySelector('progress'), fresh.querySelector('progress')];
    for (const name of ['.what', '.share'])
      if (bar.querySelector(name).textContent !== fresh.querySelector(name).textContent)
        bar.querySelector(name).textContent = fresh.querySelector(name).textContent;
    if (meter && now && meter.hasAttribute('value') === now.hasAttribute('value')) {
      if (now.hasAttribute('value')) meter.value = now.value;
      meter.setAttribute('aria-label', now.getAttribute('aria-label'));
    } else { meter?.remove(); if (now) bar.append(now); }
    if (addLines(old, next)) return;
    old.querySelector('.lines')?.remove();
    const lines = next.querySelector('.lines');
    if (lines) old.append(lines);
  };
  const merge = (blocks, fresh) => {
    const all = [...fresh.children];
    all.forEach((next, at) => {
      const old = blocks.children[at];
      if (!old) blocks.append(next);
      else if (keyOf(old) !== keyOf(next)) old.replaceWith(next);
      else mend(old, next);
    });
    while (blocks.children.length > all.length) blocks.lastElementChild.remove();
  };

  const swap = (next) => {
    const main = byId('main'), fresh = next.getElementById('main');
    document.title = next.title;
    if (!byId('trail').isEqualNode(next.getElementById('trail'))) byId('trail').replaceWith(next.getElementById('trail'));
    const isSame = main.dataset.number === fresh.dataset.number && !('over' in fresh.dataset);
    if (isSame) {
      merge(byId('blocks'), fresh.querySelector('#blocks'));
      main.dataset.stamp = fresh.dataset.stamp;
      return;
    }
    main.replaceWith(fresh);
    begin();
    byId('title').focus({ preventScroll: true });
    scrollTo({ left: 0, top: 0, behavior: 'instant' });
  };

  const renew = async () => {
    if (leaving) return;
    if (busy) { again = true; return; }
    busy = true;
    try {
      const answer = await fetch(place, { cache: 'no-store', headers: { accept: 'text/html' } });
      const text = await answer.text();
      if (leaving) return;
      if (answer.ok) swap(new DOMParser().parseFromString(text, 'text/html'));
      else if (answer.status === 403) location.reload();
    } catch { /* the stream tells of it */ }
    busy = false;
    if (again) { again = false; await renew(); }
  };

  const begin = () => {
    document.querySelectorAll('button[data-shows]').forEach((button) => { button.hidden = false; });
    if ('over' in byId('main').dataset) { stream?.close(); lost = ''; say('', ''); }
  };
  const show = (button, isShown) => {
    byId(button.dataset.shows).type = isShown ? 'text' : 'password';
    const [from, to] = isShown ? ['Show', 'Hide'] : ['Hide', 'Show'];
    button.textContent = to;
    button.setAttribute('aria-label', button.getAttribute('aria-label').replace(from, to));
  };
  document.addEventListener('click', ({ target }) => {
    const button = target.closest('button[data-shows]');
    if (button) show(button, byId(button.dataset.shows).type === 'password');
  });
  document.addEventListener('submit', (event) => {
    if (leaving) { event.preventDefault(); return; }
    leaving = true;
    document.querySelectorAll('button[data-shows]').forEach((button) => show(button, false));
    event.target.setAttribute('aria-busy', 'true');
  });
  document.addEventListener('keydown', (event) => {
    const first = document.querySelector('button[data-enter]');
    if (event.key !== 'Enter') return;
    // Not every browser lets a button that can't be pressed keep Enter from the next one.
    if (!first && event.target.matches('input')) event.preventDefault();
    const isFree = event.target === document.body || event.target === byId('title');
    if (event.repeat || !isFree || !first) return;
    event.preventDefault();
    first.click();
  });

  const listen = () => {
    if ('over' in byId('main').dataset) return;
    stream = new EventSource(place + 'events');
    const stamped = ({ data }) => {
      lost = ''; say('', ''); document.body.dataset.live = 'yes';
      if (data !== byId('main').dataset.stamp) renew();
    };
    stream.addEventListener('hello', stamped);
    stream.addEventListener('change', stamped);
    stream.addEventListener('error', () => {
      if (leaving) return;
      lost ||= clockTime();
      delete document.body.dataset.live;
      say('not connected since ' + lost + ': look into the terminal', 'lost');
    });
  };
  addEventListener('pagehide', () => stream?.close());
  addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
  begin();
  byId('problems')?.focus();
  listen();
})();
`;
