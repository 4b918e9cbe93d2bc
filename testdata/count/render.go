// Text templates with ranges, conditions and functions.
package main

import (
	"fmt"
	"strings"
	"text/template"
)

const text = `{{define "row"}}<tr>{{range .}}<td>{{. | printf "%5v"}}</td>{{end}}</tr>{{end}}
{{- range $i, $r := .Rows}}{{if odd $i}}{{template "row" $r}}{{else}}-{{len $r}}-{{$r | join}}{{end}}
{{end}}{{with .Title}}{{. | upper}}{{end}}`

func main() {
	t := template.Must(template.New("t").Funcs(template.FuncMap{"odd": func(i int) bool { return i%2 == 1 }, "upper": strings.ToUpper,
		"join": func(v []any) string { return fmt.Sprint(v...) }}).Parse(text))
	var rows [][]any
	for i := range 150 {
		rows = append(rows, []any{i, fmt.Sprint("row", i), float64(i) / 3, i%3 == 0})
	}
	n := 0
	for range 6 {
		var b strings.Builder
		if err := t.Execute(&b, map[string]any{"Rows": rows, "Title": "title"}); err != nil {
			panic(err)
		}
		n += b.Len()
	}
	fmt.Println(n)
}
