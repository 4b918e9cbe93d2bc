package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
	_ "time/tzdata"
)

func main() {
	t := time.Date(2024, time.February, 29, 13, 4, 5, 678901234, time.UTC)
	for _, l := range []string{time.ANSIC, time.RFC822Z, time.RFC1123, time.RFC3339Nano, time.Kitchen, time.StampMicro, time.DateTime, "Mon Jan _2 2006 .000 002 15h", "2006-01-02T15:04:05,999 -07:00:00 MST"} {
		s := t.Format(l)
		back, err := time.Parse(l, s)
		fmt.Println(s, "|", back, err)
	}
	fmt.Println(t.Weekday(), t.YearDay(), t.Unix(), t.UnixMicro(), t.IsZero(), time.Time{}, time.Unix(1e9, 5).UTC())
	y, w := t.ISOWeek()
	fmt.Println(y, w, t.AddDate(1, 0, 0), t.AddDate(0, -3, 1).Format(time.DateOnly), t.Add(-36*time.Hour), t.Truncate(time.Hour), t.Round(24*time.Hour))
	fmt.Println(time.Date(2023, 14, 35, 25, 61, 0, -1, time.UTC), t.Sub(t.AddDate(0, 0, -7)), t.Before(t.Add(1)), t.Equal(t.In(time.FixedZone("X", 3600))), t.Compare(t))

	for _, name := range []string{"Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"} {
		loc, err := time.LoadLocation(name)
		if err != nil {
			fmt.Println(err)
			continue
		}
		for _, m := range []time.Month{1, 7} {
			l := time.Date(2024, m, 1, 12, 0, 0, 0, loc)
			zone, off := l.Zone()
			fmt.Print(l, " ", zone, " ", off, " ", l.IsDST(), " ", l.UTC().Format(time.TimeOnly), "; ")
		}
		fmt.Println()
	}
	ny, _ := time.LoadLocation("America/New_York")
	fmt.Println(time.Date(2024, 3, 10, 2, 30, 0, 0, ny), time.Date(2024, 11, 3, 1, 30, 0, 0, ny).Add(time.Hour))
	_, err := time.LoadLocation("Nowhere/Land")
	fmt.Println(err)
	p, err := time.ParseInLocation("2006-01-02 15:04", "2024-07-04 09:30", ny)
	fmt.Println(p, err)

	for _, s := range []string{"1h15m30.918273645s", "-1.5h", "300ms", "1us2ns", "0", "", "1x", "9223372036854775807ns", "2562048h"} {
		d, err := time.ParseDuration(s)
		fmt.Println(d, d.Round(time.Minute), d.Truncate(time.Hour), d.Seconds(), d.Abs(), err)
	}
	fmt.Println(time.Duration(1<<63-1), time.Duration(-1<<63), 1500*time.Microsecond, time.Duration(1.5*float64(time.Second)))
	var pe *time.ParseError
	_, err = time.Parse(time.RFC3339, "2024-13-01T00:00:00Z")
	fmt.Println(err, errors.As(err, &pe), pe.Layout)
	b, err := json.Marshal(map[string]any{"t": t, "d": time.Second})
	fmt.Println(string(b), err)
	var back time.Time
	fmt.Println(json.Unmarshal([]byte(`"2024-01-02T03:04:05+05:30"`), &back), back)
	g, _ := t.GobEncode()
	fmt.Println(back.GobDecode(g), back.Equal(t), fmt.Sprintf("%v|%d|%s|%T", time.March, time.March, time.Saturday, t.Month()))

	start := time.Now()
	timer := time.NewTimer(20 * time.Millisecond)
	tick := time.NewTicker(2 * time.Millisecond)
	n := 0
	for done := false; !done; {
		select {
		case <-tick.C:
			n++
		case <-timer.C:
			done = true
		}
	}
	tick.Stop()
	el := time.Since(start)
	fmt.Println(n > 0 && n <= 10, el >= 20*time.Millisecond, timer.Stop(), timer.Reset(time.Hour), timer.Stop())
	fired := make(chan bool, 1)
	time.AfterFunc(time.Millisecond, func() { fired <- true })
	stopped := time.AfterFunc(time.Hour, func() { fired <- false })
	fmt.Println(<-fired, stopped.Stop(), stopped.Stop())
	fmt.Println(start.String() != start.Round(0).String(), time.Until(start) < 0)
}
