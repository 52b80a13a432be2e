/** How a report looks: one column, tables that scroll by themselves, pages in print. */
export const STYLE = `*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:anywhere}
main{max-width:72rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.7rem;line-height:1.25;margin:0 0 .5rem}
h2{font-size:1.25rem;line-height:1.3;margin:2.5rem 0 .75rem;padding-bottom:.3rem;border-bottom:1px solid var(--line)}
h3{font-size:1rem;margin:1.5rem 0 .5rem}
header p{margin:.15rem 0;color:var(--quiet)}
a{color:var(--main)}
nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin:1rem 0 0}
.up{font-size:.8rem;font-weight:400;float:right;line-height:1.9}
small{color:var(--quiet);font-size:.8em}
td small{display:block}
i{font-style:normal}
.good{color:var(--good)}.bad{color:var(--bad)}.quiet{color:var(--quiet)}
.squares{letter-spacing:1px;font-size:.7em;white-space:nowrap}
.diff{white-space:nowrap}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:.5rem;margin:.75rem 0}
dl div{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:.45rem .65rem;min-width:0}
dt{color:var(--quiet);font-size:.8rem}
dd{margin:0;font-weight:600;font-variant-numeric:tabular-nums}
dd small{font-weight:400}
blockquote{margin:.75rem 0;padding:.6rem .9rem;background:var(--panel);border-left:3px solid var(--main);white-space:pre-wrap;max-height:24rem;overflow:auto}
.scroll{overflow-x:auto;margin:.75rem 0}
table{border-collapse:collapse;width:100%;font-size:.875rem;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .6rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;overflow-wrap:normal}
th{color:var(--quiet);font-weight:600;white-space:nowrap}
.right{text-align:right;white-space:nowrap}
.right+:not(.right){padding-left:1.6rem}
.wide{min-width:11rem;overflow-wrap:anywhere}
td.left{overflow-wrap:break-word}
.short{white-space:nowrap}
dl .diff{white-space:normal}
figure{margin:.75rem 0}
figcaption{color:var(--quiet);font-size:.85rem;margin-bottom:.25rem}
.key{margin-left:.75rem;white-space:nowrap}
.key::before{content:"";display:inline-block;width:.7em;height:.7em;border-radius:2px;margin-right:.35em;background:var(--main)}
.key.good::before{background:var(--good)}.key.bad::before{background:var(--bad)}
.key.good,.key.bad{color:inherit}
svg{display:block;width:100%;height:auto}
.narrow{display:none}
@media (max-width:560px){
.broad{display:none}.narrow{display:block}
dl{grid-template-columns:repeat(2,minmax(0,1fr))}
.up{float:none;display:block}
}
@media print{
@page{margin:14mm}
body{font-size:9.5pt}
main{max-width:none;padding:0 .5mm}
nav,.up{display:none}
.scroll{overflow:visible}
table{font-size:7.5pt}
th,td{padding:2pt 3pt}
.right+:not(.right){padding-left:10pt}
th{white-space:normal}
.wide,td.left{min-width:0;overflow-wrap:anywhere}
.short{white-space:normal}
.broad{display:block}.narrow{display:none}
blockquote{max-height:none;overflow:visible}
thead{display:table-header-group}
tr,figure,dl div{break-inside:avoid}
h2,h3,figcaption{break-after:avoid}
.page{break-before:page}
a{color:inherit;text-decoration:none}
}
`;
