import { paletteCss } from '../web/index.ts';

/** The one style sheet: the system's fonts, colours by name, tables that become cards below 46 em. */
export const style = `${paletteCss()}
*,*::before,*::after{box-sizing:border-box}
html{font:100%/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;-webkit-text-size-adjust:100%;scroll-padding-top:1rem}
body{margin:0;background:var(--paper);color:var(--ink);font-size:.9375rem;overflow-wrap:anywhere}
h1,h2,h3,h4,p,ul,ol,dl,dd,table{margin:0;padding:0}
h1,h2,h3,h4{line-height:1.25;font-weight:650;letter-spacing:-.01em;text-wrap:balance}
ul,ol{list-style:none}
small{font-size:.8125rem;color:var(--quiet)}
a{color:var(--link);text-decoration-thickness:1px;text-underline-offset:.18em}
a:hover{text-decoration-thickness:2px}
bdi{unicode-bidi:isolate}
:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:4px}
main:focus{outline:none}
.width{width:100%;max-width:76rem;margin-inline:auto;padding-inline:1.5rem}
.quiet,.nothing{color:var(--quiet)}
.bad{color:var(--bad)}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:1rem;top:-4rem;padding:.5rem 1rem;background:var(--card);border-radius:0 0 .5rem .5rem;z-index:2}
.skip:focus{top:0}
.exactly,code,.number{font-family:ui-monospace,"SF Mono","Cascadia Mono","Segoe UI Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.92em;font-variant-ligatures:none}
.number,time,td,.tiles{font-variant-numeric:tabular-nums}
.aside{color:var(--quiet);font-size:.8125rem}

.top{background:var(--card);border-bottom:1px solid var(--line)}
.top .width{display:flex;flex-wrap:wrap;align-items:center;gap:1rem 2.5rem;padding-block:1.125rem}
.brand{display:flex;align-items:center;gap:.875rem;flex:1 1 14rem;min-width:0}
.brand img{display:block;flex:none}
.brand h1{font-size:1.375rem}
.brand h1 a{color:inherit;text-decoration:none}
.brand p{font-size:.8125rem;line-height:1.3}
.label{color:var(--quiet);font-size:.6875rem;line-height:1.3;text-transform:uppercase;letter-spacing:.08em}
.words{font-family:ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.8125rem}
.top .words{display:grid;grid-template-columns:repeat(3,auto);column-gap:1rem;justify-content:start;line-height:1.45}
.state{min-width:11.5rem;text-align:right}
.state #live{font-size:.75rem;line-height:1.5;margin-top:.25rem;white-space:nowrap;font-variant-numeric:tabular-nums}
.live::before{content:"";display:inline-block;width:.5rem;height:.5rem;margin-right:.4rem;border-radius:50%;background:currentColor}
.live.on{color:var(--good)}
.live.lost{color:var(--bad)}
.live.lost::before{border-radius:0}

.places{position:relative;background:var(--card);border-bottom:1px solid var(--line)}
.places ul{display:flex;gap:0 1.375rem;overflow-x:auto;scrollbar-width:none}
.places a{display:block;white-space:nowrap;padding:.5rem 0;color:var(--quiet);text-decoration:none;font-size:.875rem}
.places a:hover{color:var(--ink)}

main{padding-block:1.75rem 2rem}
section{margin-bottom:2.5rem}
.heading{display:flex;flex-wrap:wrap;align-items:baseline;gap:.125rem .875rem;margin-bottom:.75rem}
h2{font-size:1.1875rem}
h3{font-size:1rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:.75rem}
.card+.aside,.aside+.card{margin-top:.625rem}
.stack{display:grid;gap:.875rem;grid-template-columns:minmax(0,1fr)}
.stack>.card,.environment,.empty,.card.inside{padding:1.125rem 1.25rem}
.grid{display:grid;gap:.875rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,18rem),1fr))}
.grid>.empty{height:100%}
.empty h3{margin-bottom:.25rem}
.plain{display:grid;gap:.3125rem;grid-template-columns:minmax(0,1fr)}
.environment .aside{margin:.125rem 0 .5rem}
.environment h3{margin-bottom:.125rem}

.chip,.mark{display:inline-flex;align-items:baseline;gap:.3125rem;white-space:nowrap;font-size:.8125rem;line-height:1.35;vertical-align:baseline}
.chip{padding:.0625rem .5625rem .0625rem .4375rem;border-radius:1rem;font-weight:550}
.icon{width:.875em;height:.875em;flex:none;align-self:center;fill:none;stroke:currentColor;stroke-width:2.2;stroke-linecap:round;stroke-linejoin:round}
.chip.good,.mark.good{color:var(--good)}.chip.good{background:var(--good-tint)}
.chip.busy,.mark.busy{color:var(--busy)}.chip.busy{background:var(--busy-tint)}
.chip.wait,.mark.wait{color:var(--wait)}.chip.wait{background:var(--wait-tint)}
.chip.bad,.mark.bad{color:var(--bad)}.chip.bad{background:var(--bad-tint)}
.chip.off,.mark.off{color:var(--off)}.chip.off{background:var(--off-tint)}

.attention{overflow:hidden}
.attention li{display:flex;gap:.75rem;padding:.75rem 1.25rem .75rem 1rem;border-left:.25rem solid var(--off)}
.attention li+li{border-top:1px solid var(--line)}
.attention li>div{min-width:0;flex:1}
.attention .icon{width:1rem;height:1rem;margin-top:.25rem;align-self:start}
.attention .bad{color:inherit;border-left-color:var(--bad)}.attention .bad>.icon{color:var(--bad)}
.attention .wait{border-left-color:var(--wait)}.attention .wait>.icon{color:var(--wait)}
.attention .off>.icon{color:var(--off)}

.tiles{display:flex;flex-wrap:wrap;gap:.5rem 2rem;margin-bottom:.875rem;color:var(--quiet);font-size:.875rem}
.tiles strong{color:var(--ink);font-size:1.375rem;font-weight:600;margin-right:.25rem;letter-spacing:-.02em}
.tiles .good strong{color:var(--good)}.tiles .wait strong{color:var(--wait)}.tiles .bad strong{color:var(--bad)}
.finder,.pager{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem .75rem;margin-bottom:.875rem}
.pager{margin:.875rem 0 0}
.finder input,.finder button{font:inherit;color:inherit;background:var(--card);border:1px solid var(--edge);border-radius:.5rem;padding:.25rem .75rem;min-width:0}
.finder button{cursor:pointer}

table{width:100%;border-spacing:0;border-collapse:separate;text-align:left}
th,td{padding:.5625rem .875rem;vertical-align:top}
th:first-child{padding-left:1.25rem}
thead th{padding-block:.5rem;color:var(--quiet);font-size:.75rem;font-weight:550;white-space:nowrap}
tbody th{font-weight:inherit}
#links tbody th{min-width:7.25rem}#links td:nth-of-type(3){min-width:6rem}#fleet tbody th{min-width:7.75rem}#fleet td:nth-of-type(1){min-width:7rem}#fleet td:nth-of-type(2){width:9.5rem}#fleet td:nth-of-type(3){width:14rem}#fleet td:nth-of-type(4){width:8rem}#fleet td:nth-of-type(5){width:8rem}
tbody tr:first-child>*{border-top:1px solid var(--line)}
tbody tr+tr td{border-top:1px dashed var(--line)}
td small,td .chip+small{display:inline-block}
td .chip,td .exactly:not(.digest){white-space:nowrap}

.title{display:flex;flex-wrap:wrap;align-items:baseline;gap:.25rem .75rem}
.title h3 .exactly{font-weight:600}
.title .aside{margin-left:auto}
.standing{margin-top:.25rem;color:var(--quiet)}
.gate{display:flex;flex-wrap:wrap;gap:.25rem 1.75rem;margin-top:.5rem}
.gate li{display:flex;gap:.4375rem;font-size:.875rem;min-width:0}
.gate .icon{align-self:start;margin-top:.28em;width:1em;height:1em}
.gate .good>.icon{color:var(--good)}.gate .bad>.icon{color:var(--bad)}.gate .off{color:var(--quiet)}
.gate .bad{color:var(--bad)}
.published{display:flex;flex-wrap:wrap;gap:.375rem 1.75rem;margin-top:.75rem;padding-top:.75rem;border-top:1px dashed var(--line)}
.gate+.aside{margin-top:.5rem}
.facts{display:grid;gap:.5rem;margin-top:.75rem}
.facts>div{display:grid;grid-template-columns:6.5rem minmax(0,1fr);gap:.75rem}
.facts dt{color:var(--quiet);font-size:.8125rem;line-height:1.79}
.facts.inline{display:flex;flex-wrap:wrap;gap:.375rem 2rem;margin:0 0 .75rem}
.facts.inline>div{display:block;min-width:0}
.facts.inline dt{line-height:1.4}
.notes{white-space:pre-wrap;max-height:16rem;overflow:auto}
.say{margin-top:.875rem}
.say+.say{margin-top:.25rem}
.say.wait{color:var(--wait)}
.typed{margin-top:.5rem}
.typed code{display:inline-block;max-width:100%;padding:.3125rem .75rem;border-radius:.5rem;background:var(--sunken);border:1px solid var(--line);white-space:pre-wrap;user-select:all;-webkit-user-select:all}
.flag{white-space:nowrap}
.typed code::before{content:"$ ";color:var(--quiet);user-select:none;-webkit-user-select:none}

details>summary{display:flex;flex-wrap:wrap;align-items:baseline;gap:.25rem .75rem;padding:.625rem 1.25rem;cursor:pointer;list-style:none}
summary::-webkit-details-marker{display:none}
summary::before{content:"";flex:none;align-self:center;width:.4375rem;height:.4375rem;border:solid var(--quiet);border-width:0 1.5px 1.5px 0;transform:rotate(-45deg)}
details[open]>summary::before{transform:rotate(45deg)}
summary:hover{background:var(--sunken)}
summary:focus-visible{outline-offset:-2px}
.list{overflow:hidden}
.list details+details{border-top:1px solid var(--line)}
summary .what{flex:1 1 12rem;min-width:0}
summary .when{text-align:right}
.list .inside{padding:.5rem 1.25rem 1.125rem;border-top:1px dashed var(--line)}
.list .inside>.card{border:0;border-radius:0;margin-inline:-1.25rem;width:calc(100% + 2.5rem)}
.list .inside{padding-top:.25rem}
.list .inside>p,.list .inside>.facts{margin-top:.75rem}
.stack+details{margin-top:.625rem}
.stack+details>summary,.card+details>summary{padding-inline:.25rem;color:var(--quiet)}

h4{display:flex;flex-wrap:wrap;align-items:baseline;gap:.5rem;font-size:.9375rem;margin:1rem 0 .375rem}
h4 small{font-weight:400}
h4>.number{color:var(--quiet);font-weight:400}
.trace{border:1px solid var(--line);border-radius:.5rem;background:var(--sunken);overflow:hidden;font-size:.875rem}
.trace>li{display:grid;grid-template-columns:1.75rem minmax(0,1fr) 8rem;gap:0 .625rem;padding:.1875rem .75rem;align-items:baseline}
.trace .number{text-align:right;color:var(--quiet)}
.trace .idle .what{color:var(--quiet)}
.trace .failed-here{background:var(--bad-tint)}
.trace .failed-here .number,.trace .failed-here .about,.trace .failed-here .about *{color:var(--ink)}
.trace .about{grid-column:2/-1;color:var(--quiet);font-size:.8125rem;padding-bottom:.125rem}
.files{display:flex;flex-wrap:wrap;gap:0 1rem;font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.75rem}
.outputs{margin-top:.5rem;font-size:.8125rem}
.outputs>div{display:flex;flex-wrap:wrap;gap:0 .75rem}
.outputs dt{color:var(--quiet)}

.log-heading{margin-top:1.25rem}
.log{margin-top:.5rem;padding:.5rem .75rem;border:1px solid var(--line);border-radius:.5rem;background:var(--sunken);font-family:ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.75rem}
.log li{display:grid;grid-template-columns:4.5rem 15rem minmax(0,1fr);gap:0 .75rem}
.log li>.text:only-child{grid-column:1/-1}
.log .text{white-space:pre-wrap;tab-size:4}
.log .error .text{color:var(--bad)}.log .warning .text{color:var(--wait)}

footer{padding-block:1.25rem 2.5rem;font-size:.8125rem}
footer p+p{margin-top:.25rem}
footer a{color:inherit;margin-right:.5rem;display:inline-block}
.alone{max-width:40rem;margin:20vh auto 0;padding:0 1.5rem}
.alone h1{font-size:1.25rem;margin-bottom:.75rem}

@media (max-width:64em){.wide-only{display:none!important}}
@media (max-width:46em){
.width{padding-inline:1rem}
.top .width{gap:.75rem 1.5rem;padding-block:.875rem}
.state{flex:1 1 100%;display:flex;flex-wrap:wrap;align-items:center;justify-content:space-between;gap:.25rem .75rem;text-align:left;min-width:0}
.state #live{margin:0}
.brand{flex-basis:100%}
table,tbody,tr,th,td{display:block}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tbody{padding:.75rem 1rem}
tbody+tbody{border-top:1px solid var(--line)}
tbody tr:first-child>*,tbody tr+tr td{border:0}
tbody tr+tr{margin-top:.625rem;padding-top:.625rem;border-top:1px dashed var(--line)}
th,td,th:first-child{padding:.125rem 0}
td{display:grid;grid-template-columns:6.5rem minmax(0,1fr);gap:.75rem}
td::before{content:attr(data-label);color:var(--quiet);font-size:.8125rem;line-height:1.79}
td .exactly:not(.digest),.chip,.mark,td .chip{white-space:normal}
.chip{border-radius:.75rem}
.stack>.card,.environment,.empty,.card.inside{padding:1rem}
.title .aside{margin-left:0;flex-basis:100%}
details>summary{padding-inline:1rem}
summary .what{flex-basis:9rem}
summary .when{flex-basis:100%;text-align:left;padding-left:1.1875rem}
.list .inside{padding-inline:1rem}
.list .inside>.card{margin-inline:-1rem;width:calc(100% + 2rem)}
td:has(>div>.nothing:only-child){display:none}
#fleet td:nth-of-type(n),#fleet tbody th,#links td:nth-of-type(n),#links tbody th{min-width:0;width:auto}
.trace>li{grid-template-columns:1.5rem minmax(0,1fr) auto;padding-inline:.5rem}
.facts>div{grid-template-columns:5rem minmax(0,1fr)}
.log li{grid-template-columns:4.5rem minmax(0,1fr)}
.log .text{grid-column:1/-1;margin-bottom:.25rem}
.places ul{gap:0 1.125rem}
}
@media (prefers-contrast:more){:root{--line:var(--edge)}}
@media print{.places,.skip,#live{display:none}body{background:none}}
`;
