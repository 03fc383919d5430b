package rest

import (
	"context"
	"log/slog"
	"net/http"
)

// AccessLog returns an observer that writes a line for each request: method, route with
// names in place of values, interaction, operation, resource type, status, bytes, duration
// in seconds, caller and request id. It writes no ids of resources and no queries, and the
// caller and the remote address as they are. The level is Info, Warn from status 500 on.
func AccessLog(logger *slog.Logger) Observer {
	return func(ctx context.Context, _ *http.Request) (context.Context, func(*Access)) {
		return ctx, func(a *Access) {
			level := slog.LevelInfo
			if a.Status >= http.StatusInternalServerError {
				level = slog.LevelWarn
			}
			if !logger.Enabled(ctx, level) {
				return
			}
			attributes := []slog.Attr{
				slog.String("method", a.Method), slog.String("route", a.Route), slog.String("interaction", a.Interaction),
				slog.String("type", a.Type), slog.Int("status", a.Status), slog.Int64("bytes", a.Bytes),
				slog.Float64("duration", a.Duration.Seconds()), slog.String("caller", a.Caller), slog.String("remote", a.Remote), slog.String("request", a.ID),
			}
			if a.Operation != "" {
				attributes = append(attributes, slog.String("operation", a.Operation))
			}
			if a.Aborted {
				attributes = append(attributes, slog.Bool("aborted", true))
			}
			logger.LogAttrs(ctx, level, "request", attributes...)
		}
	}
}
