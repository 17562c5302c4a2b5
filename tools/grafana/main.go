// Command grafana checks a dashboard against the schema of Grafana, which is in the types of its SDK: every field of the dashboard, its panels, queries and
// options is known, has the right type, and is there if it is required; every choice is one that there is.
//
//	go run . grafana-dashboard.json
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/heatmap"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
	"github.com/grafana/grafana-foundation-sdk/go/units"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "name the file of a dashboard")
		os.Exit(2)
	}
	text, err := os.ReadFile(os.Args[1])
	if err == nil {
		err = check(text)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}

// check returns everything that is wrong in a dashboard.
func check(text []byte) error {
	plugins.RegisterDefaultPlugins()
	if err := new(dashboard.Dashboard).UnmarshalJSONStrict(text); err != nil && err.Error() != "" { // it returns empty lists of errors
		return err
	}
	var d dashboard.Dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		return err
	}
	wrong := []error{d.Validate()}
	for _, p := range d.Panels {
		if p.Panel == nil {
			continue // a row
		}
		if err := checkPanel(*p.Panel); err != nil {
			wrong = append(wrong, err)
		}
	}
	var parsed any
	if err := json.Unmarshal(text, &parsed); err != nil {
		return err
	}
	return errors.Join(append(wrong, checkChoices("", parsed)...)...)
}

// checkPanel returns an error if the type of a panel or of a query is unknown: the SDK takes everything in these.
func checkPanel(p dashboard.Panel) error {
	switch p.Options.(type) {
	case *stat.Options, stat.Options, *timeseries.Options, timeseries.Options, *heatmap.Options, heatmap.Options:
	default:
		return fmt.Errorf("panel %q has the unknown type %q (%T)", *p.Title, p.Type, p.Options)
	}
	for _, q := range p.Targets {
		switch q.(type) {
		case *prometheus.Dataquery, prometheus.Dataquery:
		default:
			return fmt.Errorf("panel %q has a query of the unknown type %s", *p.Title, reflect.TypeOf(q))
		}
	}
	return nil
}

// choices are the values of fields that the SDK takes any text in.
var choices = map[string][]any{
	".datasource.type":                           {"prometheus"},
	".fieldConfig.defaults.unit":                 {units.NoUnit, units.Short, units.BytesIEC, units.Seconds, units.RequestsPerSecond, units.OpsPerSecond},
	".fieldConfig.defaults.thresholds.mode":      {dashboard.ThresholdsModeAbsolute, dashboard.ThresholdsModePercentage},
	".fieldConfig.defaults.custom.stacking.mode": {common.StackingModeNone, common.StackingModeNormal, common.StackingModePercent},
	".fieldConfig.defaults.custom.showPoints":    {common.VisibilityModeAuto, common.VisibilityModeNever, common.VisibilityModeAlways},
	".options.colorMode":                         {common.BigValueColorModeBackground, common.BigValueColorModeValue, common.BigValueColorModeNone},
	".options.graphMode":                         {common.BigValueGraphModeNone, common.BigValueGraphModeArea},
	".options.textMode":                          {common.BigValueTextModeAuto, common.BigValueTextModeValue, common.BigValueTextModeName, common.BigValueTextModeValueAndName},
	".options.justifyMode":                       {common.BigValueJustifyModeAuto, common.BigValueJustifyModeCenter},
	".options.orientation":                       {common.VizOrientationAuto, common.VizOrientationHorizontal, common.VizOrientationVertical},
	".options.percentChangeColorMode":            {common.PercentChangeColorModeStandard, common.PercentChangeColorModeInverted},
	".options.legend.displayMode":                {common.LegendDisplayModeList, common.LegendDisplayModeTable, common.LegendDisplayModeHidden},
	".options.legend.placement":                  {common.LegendPlacementBottom, common.LegendPlacementRight},
	".options.tooltip.mode":                      {common.TooltipDisplayModeMulti, common.TooltipDisplayModeSingle, common.TooltipDisplayModeNone},
	".options.tooltip.sort":                      {common.SortOrderAscending, common.SortOrderDescending, common.SortOrderNone},
	".options.showValue":                         {common.VisibilityModeAuto, common.VisibilityModeNever, common.VisibilityModeAlways},
	".options.color.mode":                        {heatmap.HeatmapColorModeOpacity, heatmap.HeatmapColorModeScheme},
	".targets.format":                            {prometheus.PromQueryFormatTimeSeries, prometheus.PromQueryFormatTable, prometheus.PromQueryFormatHeatmap},
}

// checkChoices looks in a part of the dashboard for fields whose value is no choice; at is its path.
func checkChoices(at string, part any) (wrong []error) {
	switch part := part.(type) {
	case []any:
		for _, p := range part {
			wrong = append(wrong, checkChoices(at, p)...)
		}
	case map[string]any:
		for name, p := range part {
			wrong = append(wrong, checkChoices(at+"."+name, p)...)
		}
	case string:
		for suffix, known := range choices {
			if strings.HasSuffix(at, suffix) && !slices.ContainsFunc(known, func(k any) bool { return fmt.Sprint(k) == part }) {
				wrong = append(wrong, fmt.Errorf("%s is %q, which is none of %v", at, part, known))
			}
		}
	}
	return wrong
}
