/* The course's home page as a tab of JupyterLab.
 *
 * A prebuilt ("federated") extension is a container with `init` and `get`; this one is written by
 * hand, so that the course needs no Node and no build step. The page itself is rendered by the
 * server (classkit/lab/home.py): here it is fetched, shown, and its links open chapters.
 */
(() => {
  const REFRESH_MS = 2000;
  const STYLE = `
    .ck-home { overflow: auto; padding: 2em 3em; color: var(--jp-ui-font-color1);
      background: var(--jp-layout-color1); font-size: 15px; line-height: 1.5; }
    .ck-home > div { max-width: 62em; margin: 0 auto; }
    .ck-home h1 { font-size: 1.9em; font-weight: 600; margin: 0 0 .3em; }
    .ck-home table { width: 100%; border-collapse: collapse; margin: 1em 0; }
    .ck-home th { text-align: left; font-weight: 600; color: var(--jp-ui-font-color2); }
    .ck-home th, .ck-home td { padding: .6em 1em .6em 0; vertical-align: top;
      border-bottom: 1px solid var(--jp-border-color2); }
    .ck-home td:nth-child(4) { white-space: nowrap; }
    .ck-home a { color: var(--jp-brand-color0, #0d47a1); font-weight: 600; text-decoration: none; }
    .ck-home a:hover, .ck-home a:focus { text-decoration: underline; }
    .ck-home progress { appearance: none; width: 7em; height: .6em; vertical-align: middle;
      border: none; border-radius: .3em; overflow: hidden; background: var(--jp-border-color2); }
    .ck-home progress::-webkit-progress-bar { background: var(--jp-border-color2); }
    .ck-home progress::-webkit-progress-value { background: #009E73; }
    .ck-home progress::-moz-progress-bar { background: #009E73; }
    .ck-home .ck-soft, .ck-home .ck-foot { color: var(--jp-ui-font-color2); }
    .ck-home .ck-note { padding: .5em 1em; border-left: .3em solid #E69F00;
      background: var(--jp-layout-color2); }
    .ck-home .ck-total { font-weight: 600; }`;

  let shared;

  async function lumino() {
    const versions = Object.values(shared['@lumino/widgets']);
    return (await versions[0].get())();
  }

  async function fetchPage(settings) {
    const response = await fetch(settings.baseUrl + 'coursekit/home', {
      credentials: 'same-origin',
      headers: settings.token ? { Authorization: 'token ' + settings.token } : {}
    });
    if (!response.ok) {
      throw new Error('the home page answers ' + response.status);
    }
    return (await response.json()).html;
  }

  const plugin = {
    id: 'coursekit-home:plugin',
    description: 'Shows the course home page.',
    autoStart: true,
    activate: async app => {
      const { Widget } = await lumino();
      const widget = new Widget();
      widget.id = 'coursekit-home';
      widget.title.label = 'Course';
      widget.title.caption = 'Chapters and progress';
      widget.title.closable = true;
      widget.addClass('ck-home');
      const page = widget.node.appendChild(document.createElement('div'));
      let shown = '';

      const refresh = async () => {
        if (!widget.isVisible) {
          return;
        }
        try {
          const text = await fetchPage(app.serviceManager.serverSettings);
          if (text !== shown) {
            page.innerHTML = shown = text;
          }
        } catch (error) {
          page.innerHTML = shown = '';
          page.textContent = `The chapters cannot be shown: ${error.message}. They are in the file browser on the left.`;
        }
      };
      page.addEventListener('click', event => {
        const link = event.target.closest('a[data-path]');
        if (link) {
          event.preventDefault();
          app.commands.execute('docmanager:open', { path: link.dataset.path, factory: 'Notebook' });
        }
      });
      const show = () => {
        if (!widget.isAttached) {
          app.shell.add(widget, 'main', { rank: 0 });
        }
        app.shell.activateById(widget.id);
        void refresh();
      };
      app.commands.addCommand('coursekit:home', { label: 'Course home page', execute: show });
      void app.restored.then(show);
      setInterval(refresh, REFRESH_MS);
    }
  };

  const style = document.createElement('style');
  style.textContent = STYLE;
  document.head.appendChild(style);

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB['coursekit-home'] = {
    init: scope => {
      shared = scope;
    },
    get: async () => () => ({ __esModule: true, default: plugin })
  };
})();
