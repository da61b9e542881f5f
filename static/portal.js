// What a script adds to pages that work without one. Every word a person reads comes from the page: data-*, <template>.
(() => {
  'use strict';
  const one = (selector, root = document) => root.querySelector(selector);
  const each = (selector, action) => document.querySelectorAll(selector).forEach(action);
  const on = (event, action) => document.addEventListener(event, action);
  const say = (element, kind) => {
    each(`#messages > [data-said="${kind}"]`, (old) => old.remove());
    element.dataset.said = kind;
    one('#messages').append(element);
  };

  // No answer, or one that is not ours (a proxy's 502): keep the page, say so once, take it back later.
  const offline = () => one('#messages > [data-said="offline"]') || one('#offline-message') &&
    say(one('#offline-message').content.firstElementChild.cloneNode(true), 'offline');
  on('htmx:error', ({ detail }) => detail.ctx && !detail.ctx.response && offline());
  on('htmx:before:response', ({ detail: { ctx } }) => {
    if (ctx.response.status < 500) each('#messages > [data-said="offline"]', (notice) => notice.remove());
  });
  on('htmx:response:error', ({ detail: { ctx } }) => {
    if (ctx.response.status < 500 || ctx.hx.retarget) return; // our own errors name their target
    ctx.swap = 'none';
    offline();
  });

  // htmx focuses [autofocus] by itself; a form that came back starts at its first wrong field. A part that was swapped under
  // the focus gives it back: to the control that leads where the old one led, else to the part's beginning.
  let had = null, its = null; // the control that had the focus, and the swap that takes it away
  const leads = (control) => control.getAttribute('href') || control.getAttribute('formaction') ||
    (control.form ? control.form.getAttribute('action') : control.matches('summary') && control.parentElement.id);
  on('htmx:before:swap', ({ detail: { tasks } }) => {
    had = document.activeElement;
    its = had && tasks.find(({ target }) => target && target.contains && target.contains(had));
  });
  on('htmx:before:settle', ({ detail: { task, newContent } }) => {
    const all = (selector) => newContent.filter((node) => node.matches)
      .flatMap((node) => [node, ...node.querySelectorAll('*')]).filter((node) => node.matches(selector));
    if (all('[autofocus]')[0]) return;
    const wrong = all('[aria-invalid="true"]')[0];
    if (!wrong && (task !== its || had.isConnected || document.activeElement !== document.body)) return;
    const same = !wrong && leads(had) && all('a, button, summary').find((control) => leads(control) === leads(had));
    const place = wrong || same || all('h1, h2, h3')[0] || all('a')[0] || one('#main');
    if (place.tabIndex < 0) place.tabIndex = -1;
    place.focus();
  });

  // What was unfolded, a <details> with an id, stays so in what takes its place. Settling sets the attributes: wait for it.
  let unfolded = [];
  on('htmx:before:swap', () => { unfolded = [...document.querySelectorAll('details[open][id]')].map(({ id }) => id); });
  on('htmx:after:settle', () => unfolded.map((id) => document.getElementById(id)).forEach((part) => { if (part) part.open = true; }));

  // <span data-needs-script hidden><button data-copy="#id" data-copied="Copied">. A page over http has no clipboard object.
  const reveal = () => each('[data-needs-script]', (element) => { element.hidden = false; });
  on('htmx:after:swap', reveal);
  reveal();
  on('click', async ({ target }) => {
    const button = target.closest('[data-copy]'), source = button && one(button.dataset.copy);
    if (!source) return;
    if (source.select) source.select(); else getSelection().selectAllChildren(source);
    const text = source.select ? source.value : source.textContent.trim();
    const written = navigator.clipboard ? navigator.clipboard.writeText(text).then(() => true, () => false) : document.execCommand('copy');
    if (!await written) return; // it stays selected, ready for the person's own copy
    (one('[data-copy-label]', button) || button).textContent = button.dataset.copied;
    say(Object.assign(document.createElement('p'), { className: 'vh', textContent: button.dataset.copied }), 'copied');
  });

  // <body data-session="840 840 86000">: seconds until the session ends as it is, after a click, and at the latest.
  // A click in another tab of the browser counts; a poll (?since=) does not. Three minutes before, say so.
  const [asItIs, afterClick, latest] = (document.body.dataset.session || '').split(' ').map((seconds) => seconds * 1000);
  if (latest) {
    const WARN = 180000, over = Date.now() + latest, keep = (left) => localStorage.setItem('session-until', Date.now() + left);
    const look = () => {
      const idle = Number(localStorage.getItem('session-until')), left = Math.min(idle, over) - Date.now();
      const warning = one('#messages > [data-said="ending"]');
      if (left > WARN && warning) warning.remove();
      if (left > WARN || left < 0 || warning) return;
      const message = one(idle < over ? '#idle-message' : '#session-over-message').content.firstElementChild.cloneNode(true);
      say(message, 'ending');
      htmx.process(message);
    };
    keep(asItIs);
    on('htmx:before:response', ({ detail: { ctx } }) => {
      if (ctx.response.status >= 400 || /[?&]since=/.test(ctx.request.action)) return;
      keep(afterClick);
      look();
    });
    setInterval(look, 5000);
  }

  on('keydown', ({ key }) => {
    if (key === 'Escape') each('details.menu[open]', (menu) => { menu.open = false; one('summary', menu).focus(); });
  });

  // <time data-countdown datetime="...Z"> and near it <span data-countdown-text data-left="{time} from now" data-over="It ended">
  const spell = (amount, unit) => (amount ? new Intl.NumberFormat(document.documentElement.lang, { style: 'unit', unit, unitDisplay: 'long' }).format(amount) : '');
  setInterval(() => each('time[data-countdown]', (time) => {
    const text = one('[data-countdown-text]', time.closest('p, li, dd, td')), minutes = Math.ceil((new Date(time.dateTime) - Date.now()) / 60000);
    const left = `${spell(Math.floor(minutes / 60), 'hour')} ${spell(minutes % 60, 'minute')}`.trim();
    text.textContent = minutes > 0 ? text.dataset.left.replace('{time}', left) : text.dataset.over;
  }), 60000);
})();
