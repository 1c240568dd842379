import { paletteCss } from '../../web/index.ts';

const mono = `ui-monospace,"SF Mono","Cascadia Mono","Segoe UI Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace`;

/** The guide's one style sheet: steps at the side, one calm column to read, and above it on a narrow screen. */
export const style = `${paletteCss()}
*,*::before,*::after{box-sizing:border-box}
html{font:100%/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;-webkit-text-size-adjust:100%;overflow-y:scroll;scroll-padding-block:1rem 6rem}
body{margin:0;background:var(--paper);color:var(--ink);overflow-wrap:anywhere;min-height:100vh}
h1,h2,p,ul,ol,dl,dd,pre,fieldset,legend{margin:0;padding:0}
h1,h2{line-height:1.25;letter-spacing:-.015em;text-wrap:balance}
ul[role=list],ol[role=list]{list-style:none}
a{color:var(--link);text-decoration-thickness:1px;text-underline-offset:.18em}
bdi{unicode-bidi:isolate}
:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:.25rem}
h1:focus,#problems:focus{outline:none}
.quiet{color:var(--quiet)}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:1rem;top:-4rem;padding:.5rem 1rem;background:var(--card);border-radius:0 0 .5rem .5rem;z-index:2}
.skip:focus{top:0}
.exactly{font-family:${mono};font-size:.92em;font-variant-ligatures:none}
.icon{width:1em;height:1em;flex:none;fill:none;stroke:currentColor;stroke-width:2.2;stroke-linecap:round;stroke-linejoin:round}
.width{width:100%;max-width:70rem;margin-inline:auto;padding-inline:2rem}

.top{background:var(--card);border-bottom:1px solid var(--line)}
.top .width{display:flex;align-items:center;gap:.875rem;padding-block:1rem;min-height:4.5rem}
.top img{display:block;flex:none}
.top .who{min-width:0;flex:1;line-height:1.35}
.top .name{font-weight:600}
.top .quiet{font-size:.875rem}
#live{font-size:.875rem;max-width:18rem;text-align:right}
#live.lost{color:var(--bad)}

.frame{display:grid;grid-template-columns:14rem minmax(0,44rem);gap:4rem;padding-block:3rem 4rem;align-items:start}
#trail{position:sticky;top:2rem;font-size:.9375rem}
#trail li{position:relative;display:flex;gap:.75rem;align-items:flex-start;padding-bottom:1.125rem;color:var(--quiet);line-height:1.6}
#trail li:not(:last-child)::before{content:"";position:absolute;left:.75rem;top:1.625rem;bottom:-.0625rem;border-left:2px solid var(--line);transform:translateX(-1px)}
#trail .dot{display:grid;place-items:center;flex:none;width:1.5rem;height:1.5rem;border-radius:50%;border:2px solid var(--line);background:var(--paper);font-size:.75rem;font-weight:600;font-variant-numeric:tabular-nums;line-height:1}
#trail .done .dot{border-color:var(--good);color:var(--good)}
#trail .done:not(:last-child)::before{border-color:var(--good)}
#trail .here{color:var(--ink);font-weight:600}
#trail .here .dot{border-color:var(--link);background:var(--link);color:var(--paper)}

main{min-width:0}
.at{color:var(--quiet);font-size:.9375rem;margin-bottom:.25rem}
h1{font-size:2rem;font-weight:680;margin-bottom:1.5rem}
h2{font-size:1.1875rem;font-weight:640}
.outcome{display:grid;place-items:center;width:3rem;height:3rem;border-radius:50%;font-size:1.375rem;margin-bottom:1rem}
.outcome.good{color:var(--good);background:var(--good-tint)}
.outcome.off{color:var(--off);background:var(--off-tint)}
.outcome.bad{color:var(--bad);background:var(--bad-tint)}
#blocks>*+*{margin-top:1.25rem}
#blocks>h2{margin-top:2.25rem}
#blocks>h2:first-child{margin-top:0}
#blocks>h2+*{margin-top:.75rem}
.text{white-space:pre-line;max-width:40rem}
ul.list{padding-left:1.25rem}
ul.list li+li{margin-top:.375rem}
ul.numbered{list-style:none;padding-left:0}
ul.list li::marker{color:var(--quiet)}

.notice{display:flex;gap:.75rem;padding:.875rem 1rem;border-radius:.625rem;border-left:.25rem solid var(--off);background:var(--off-tint)}
.notice>.icon{margin-top:.24em;width:1.125em;height:1.125em}
.notice>p,.notice>div{min-width:0;white-space:pre-line}
.notice>div{white-space:normal}
.notice>div>*+*{margin-top:.375rem}
.notice h2{font-size:1rem}
.notice ul{padding-left:1.125rem}
.notice.busy{background:var(--busy-tint);border-color:var(--busy)}.notice.busy>.icon{color:var(--busy)}
.notice.wait{background:var(--wait-tint);border-color:var(--wait)}.notice.wait>.icon{color:var(--wait)}
.notice.bad{background:var(--bad-tint);border-color:var(--bad)}.notice.bad>.icon{color:var(--bad)}
.notice a,.notice .quiet{color:inherit}
#problems,#late{margin-bottom:1.5rem}

.facts{border:1px solid var(--line);border-radius:.625rem;background:var(--card)}
.facts>div{display:grid;grid-template-columns:12rem minmax(0,1fr);gap:1rem;padding:.625rem 1rem}
.facts>div+div{border-top:1px solid var(--line)}
.facts dt{color:var(--quiet)}
.facts dd{white-space:pre-line}

.checks{border:1px solid var(--line);border-radius:.625rem;background:var(--card)}
.checks li{display:grid;grid-template-columns:6rem minmax(0,1fr);gap:1rem;padding:.75rem 1rem}
.checks li+li{border-top:1px solid var(--line)}
.checks .name{font-weight:600}
.checks .found{color:var(--quiet)}
.checks .hint{margin-top:.25rem}
.chip{display:inline-flex;align-items:center;gap:.3125rem;justify-self:start;align-self:start;padding:.0625rem .625rem .0625rem .5rem;border-radius:1rem;font-size:.875rem;font-weight:550;white-space:nowrap}
.chip.good{color:var(--good);background:var(--good-tint)}
.chip.busy{color:var(--busy);background:var(--busy-tint)}
.chip.bad{color:var(--bad);background:var(--bad-tint)}

details{border:1px solid var(--line);border-radius:.625rem;background:var(--card);overflow:hidden}
summary{display:flex;align-items:baseline;gap:.75rem;padding:.625rem 1rem;cursor:pointer;list-style:none}
summary::-webkit-details-marker{display:none}
summary::before{content:"";flex:none;align-self:center;width:.4375rem;height:.4375rem;border:solid var(--quiet);border-width:0 1.5px 1.5px 0;transform:rotate(-45deg)}
details[open]>summary::before{transform:rotate(45deg)}
summary:hover{background:var(--sunken)}
summary:focus-visible,pre:focus-visible,.lines:focus-visible{outline-offset:-3px}
#blocks>details+details{margin-top:.625rem}
pre{padding:.75rem 1rem;border-top:1px solid var(--line);background:var(--sunken);font:.8125rem/1.55 ${mono};white-space:pre-wrap;tab-size:4;max-height:26rem;overflow:auto}

.progress .bar{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:.375rem 1rem;min-height:2.75rem;align-content:start}
.progress .what{font-weight:600;min-height:1.6em}
.progress .share{color:var(--quiet);font-variant-numeric:tabular-nums}
progress{grid-column:1/-1;appearance:none;width:100%;height:.625rem;border:0;border-radius:1rem;background:var(--off-tint);overflow:hidden}
progress::-webkit-progress-bar{background:var(--off-tint)}
progress::-webkit-progress-value{background:var(--link);border-radius:1rem}
progress::-moz-progress-bar{background:var(--link);border-radius:1rem}
progress:indeterminate{background:linear-gradient(90deg,var(--off-tint) 35%,var(--link) 50%,var(--off-tint) 65%) 0 0/300% 100%}
progress:indeterminate::-webkit-progress-bar{background:transparent}
progress:indeterminate::-moz-progress-bar{background:transparent}
@media (prefers-reduced-motion:no-preference){progress:indeterminate{animation:passing 2.4s linear infinite}}
@keyframes passing{from{background-position:100% 0}to{background-position:0 0}}
.lines{display:flex;flex-direction:column-reverse;margin-top:1rem;max-height:24rem;overflow:auto;border:1px solid var(--line);border-radius:.625rem;background:var(--card)}
.lines ol{padding:.75rem 1rem;font:.875rem/1.55 ${mono}}
.lines li{white-space:pre-wrap;color:var(--quiet)}
.lines li+li{margin-top:.125rem}
.lines .strong{color:var(--ink);font-weight:600}
.lines li.strong:not(:first-child){margin-top:.625rem}
.lines .good{color:var(--good)}
.lines .bad{color:var(--bad)}

form{margin-top:2rem}
.field{border:0;min-width:0;max-width:36rem}
.field+.field{margin-top:1.5rem}
.field label:not(.option),.field legend{display:block;font-weight:600}
.optional{margin-left:.5rem;color:var(--quiet);font-weight:400;font-size:.875rem}
.help{color:var(--quiet);font-size:.9375rem;white-space:pre-line}
.kept,.problem{display:flex;gap:.4375rem;font-size:.9375rem}
.kept{color:var(--good)}
.problem{color:var(--bad);font-weight:550}
.kept .icon,.problem .icon{margin-top:.28em}
.wrong{padding-left:1rem;border-left:.25rem solid var(--bad)}
input[type=text],input[type=password],select,textarea{display:block;width:100%;margin-top:.375rem;padding:.5625rem .75rem;font:inherit;color:var(--ink);background:var(--card);border:1px solid var(--edge);border-radius:.5rem}
input.exactly{font-family:${mono};font-size:.9375rem}
input.port,input.integer{max-width:10rem}
.wrong input[type=text],.wrong input[type=password],.wrong select,.wrong textarea{border-color:var(--bad)}
textarea{resize:vertical;min-height:6rem}
.secret{display:flex;gap:.5rem;margin-top:.375rem}
.secret input[type]{flex:1;min-width:0;margin:0}
.options{display:flex;flex-wrap:wrap;gap:.5rem;margin-top:.375rem}
.option{display:flex;align-items:center;gap:.5rem;padding:.5rem 1rem .5rem .75rem;border:1px solid var(--edge);border-radius:.5rem;background:var(--card);cursor:pointer}
.option input{margin:0;width:1.125rem;height:1.125rem;accent-color:var(--link)}
.option:has(:checked){border-color:var(--link);box-shadow:inset 0 0 0 1px var(--link)}
.option:has(:focus-visible){outline:3px solid var(--link);outline-offset:2px}
.option :focus-visible{outline:none}

button{font:inherit;font-weight:550;line-height:1.4;color:var(--ink);background:var(--card);border:1px solid var(--edge);border-radius:.5rem;padding:.5625rem 1.125rem;cursor:pointer}
button:hover{background:var(--sunken);border-color:var(--ink)}
button.first{color:var(--paper);background:var(--link);border-color:var(--link);padding-inline:1.75rem}
button.first:hover{text-decoration:underline;text-underline-offset:.2em}
button.leave{margin-left:auto;color:var(--quiet);background:none;border-color:transparent}
button.leave:hover{color:var(--ink);text-decoration:underline;text-underline-offset:.2em}
button.show{flex:none;min-width:4.75rem;padding-inline:.75rem}
.actions{display:flex;flex-wrap:wrap;align-items:center;gap:.75rem;margin-top:2rem}
.actions .about{flex-basis:100%;text-align:right;color:var(--quiet);font-size:.9375rem;margin-top:-.5rem}
.choices{display:grid;gap:.75rem;margin-top:1.5rem}
.choices li{display:grid;grid-template-columns:14rem minmax(0,1fr);gap:.375rem 1.25rem;align-items:center;padding:1rem;border:1px solid var(--line);border-radius:.625rem;background:var(--card)}
.choices button{width:100%;padding-inline:.75rem}
form[aria-busy] button{opacity:.7;cursor:progress}

.alone{max-width:38rem;margin:18vh auto 0;padding:0 1.5rem}
.alone p+p{margin-top:.75rem}

@media (max-width:60em){
.frame{grid-template-columns:minmax(0,1fr);gap:1.5rem;padding-block:1.5rem 3rem;max-width:50rem}
#trail{position:static}
#trail ol{display:flex;gap:.375rem}
#trail li{flex:1;padding:0;min-width:0}
#trail li::before{display:none}
#trail .dot{width:100%;height:.375rem;border:0;border-radius:1rem;background:var(--line);font-size:0}
#trail .dot .icon{display:none}
#trail .done .dot{background:var(--good)}
#trail .step-title{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
#trail:empty{display:none}
}
@media (max-width:36em){
.width{padding-inline:1rem}
.top .width{flex-wrap:wrap;min-height:0;padding-block:.75rem}
#live:empty{display:none}
#live{flex-basis:100%;max-width:none;text-align:left}
h1{font-size:1.625rem;margin-bottom:1.125rem}
.facts>div,.checks li,.choices li{grid-template-columns:minmax(0,1fr);gap:.25rem}
.actions button{flex:1 1 100%}
button.leave{margin-left:0}
.actions .about{text-align:center}
.wrong{padding-left:.75rem}
}
@media (prefers-contrast:more){:root{--line:var(--edge)}}
@media (forced-colors:active){button,.notice,.chip{border:1px solid}}
@media print{.skip,#live,.actions,#trail{display:none}body{background:none}}
`;
