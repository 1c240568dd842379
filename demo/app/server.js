// A small real web application: reads its configuration as it was deployed, and shows it.
'use strict';
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');

const settings = JSON.parse(fs.readFileSync(path.join(__dirname, 'settings.json'), 'utf8'));
const appSettings = JSON.parse(
  fs.readFileSync(path.join(__dirname, 'appsettings.json'), 'utf8').replace(/^\s*\/\/.*$/gm, ''),
);
const config = fs.readFileSync(path.join(__dirname, 'Web.config'), 'utf8');
const setting = (name) => new RegExp(`<add key="${name}" value="([^"]*)"`).exec(config)?.[1] ?? '';
const connection = /connectionString="([^"]*)"/.exec(config)?.[1] ?? '';
const template = fs.readFileSync(path.join(__dirname, 'page.html'), 'utf8');
const escape = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

const values = {
  title: settings.title,
  environment: settings.environment,
  banner: setting('Banner'),
  notice: settings.notice,
  support: setting('Support'),
  accent: appSettings.Page.Accent,
  refresh: String(appSettings.Page.RefreshSeconds),
  database: connection === '' || connection === 'not set' ? 'no connection string' : 'connection string is set',
};
const page = template.replace(/\{(\w+)\}/g, (_, name) => escape(values[name] ?? ''));

http
  .createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(page);
  })
  .listen(Number(settings.port), '127.0.0.1');
