package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"
)

type Address struct {
	Street string `json:"street"`
	Zip    string `json:"zip,omitempty"`
}

type Person struct {
	Name    string            `json:"name"`
	Age     int               `json:"age"`
	Emails  []string          `json:"emails"`
	Home    *Address          `json:"home,omitempty"`
	Tags    map[string]string `json:"tags"`
	Score   float64           `json:"score"`
	private int
	Raw     json.RawMessage `json:"raw"`
	When    time.Duration   `json:"when"`
	Any     any             `json:"any"`
}

type Temp float64

func (t Temp) MarshalJSON() ([]byte, error) { return []byte(fmt.Sprintf(`"%.1fC"`, float64(t))), nil }
func (t *Temp) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	_, err := fmt.Sscanf(s, "%fC", (*float64)(t))
	return err
}

func main() {
	p := Person{Name: "Ann", Age: 41, Emails: []string{"a@x", "b@y"}, Home: &Address{"Main", "1"}, Tags: map[string]string{"z": "1", "a": "2"},
		Score: 1.5e10, Raw: json.RawMessage(`{"k":[1,2,3]}`), When: time.Second, Any: []any{1, "two", nil, 3.5, true}}
	b, err := json.MarshalIndent(p, "", "  ")
	fmt.Println(string(b), err)
	var q Person
	fmt.Println(json.Unmarshal(b, &q))
	fmt.Printf("%+v %+v\n", q.Home, q.Any)
	var m map[string]any
	json.Unmarshal([]byte(`{"x":1,"y":[true,null,"s"],"z":{"n":-1.25e-3}}`), &m)
	keys := make([]string, 0)
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		fmt.Printf("%s=%v (%T)\n", k, m[k], m[k])
	}
	var bad struct{ A int }
	err = json.Unmarshal([]byte(`{"A":"no"}`), &bad)
	var te *json.UnmarshalTypeError
	fmt.Println(err, errors.As(err, &te), te.Field)
	err = json.Unmarshal([]byte(`{"A":1,}`), &bad)
	var se *json.SyntaxError
	fmt.Println(err, errors.As(err, &se), se.Offset)
	temps := []Temp{1.25, -3}
	tb, _ := json.Marshal(temps)
	var back []Temp
	fmt.Println(string(tb), json.Unmarshal(tb, &back), back)
	dec := json.NewDecoder(strings.NewReader(`{"a":1} {"a":2} [3]`))
	for dec.More() {
		var v any
		if err := dec.Decode(&v); err != nil {
			fmt.Println("err", err)
			break
		}
		fmt.Println(v)
	}
	enc := json.NewEncoder(os.Stdout)
	enc.SetEscapeHTML(false)
	enc.Encode(map[string]any{"html": "<b>&", "n": 12345678901234567})
}
