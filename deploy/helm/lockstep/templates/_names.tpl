{{/* The name of everything in this release: short enough for what Kubernetes appends. */}}
{{- define "lockstep.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{ .Release.Name | trunc 48 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 48 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- define "lockstep.postgresqlName" -}}
{{ include "lockstep.name" . }}-postgresql
{{- end }}

{{- define "lockstep.labels" -}}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* What a selector names; it can never change in a release. */}}
{{- define "lockstep.serverLabels" -}}
app.kubernetes.io/name: lockstep
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: server
{{- end }}

{{- define "lockstep.postgresqlLabels" -}}
app.kubernetes.io/name: lockstep
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: postgresql
{{- end }}

{{- define "lockstep.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* The database's URL: a user and no password, which comes from the file that PGPASSFILE names. */}}
{{- define "lockstep.store" -}}
{{- if .Values.postgresql.enabled -}}
postgres://lockstep@{{ include "lockstep.postgresqlName" . }}:5432/lockstep?sslmode=disable
{{- else -}}
{{ required "database.url is needed where postgresql.enabled is false" .Values.database.url }}
{{- end -}}
{{- end }}

{{/* Of every container: nothing that the server or PostgreSQL could do without. */}}
{{- define "lockstep.confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end }}
