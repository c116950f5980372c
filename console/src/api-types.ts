// Made by `npm run types` from the OpenAPI document; not edited by hand.

export interface paths {
    "/api/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who Am I
         * @description Who the credential stands for.
         */
        get: operations["who_am_i_api_v1_session_get"];
        put?: never;
        /**
         * Log In
         * @description Open a session; the cookie is the answer. After five failures in 15 minutes: 429, and a growing wait.
         */
        post: operations["log_in_api_v1_session_post"];
        /**
         * Log Out
         * @description End this session everywhere, open streams included. A token has no session to end.
         */
        delete: operations["log_out_api_v1_session_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/operators": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Operators
         * @description Everybody an alarm can be assigned to.
         */
        get: operations["list_operators_api_v1_operators_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Alarms
         * @description Alarms by the sequence of their last transition; an alarm that changes moves to the end.
         */
        get: operations["list_alarms_api_v1_alarms_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms/{alarm_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One Alarm
         * @description An alarm with everything that happened to it.
         */
        get: operations["one_alarm_api_v1_alarms__alarm_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms/{alarm_id}/acknowledge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Acknowledge
         * @description Somebody has seen it and takes it on.
         */
        post: operations["acknowledge_api_v1_alarms__alarm_id__acknowledge_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms/{alarm_id}/unacknowledge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Unacknowledge
         * @description Give it back to everyone.
         */
        post: operations["unacknowledge_api_v1_alarms__alarm_id__unacknowledge_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms/{alarm_id}/assign": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Assign
         * @description Name who takes care of it.
         */
        post: operations["assign_api_v1_alarms__alarm_id__assign_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms/{alarm_id}/comment": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Comment
         * @description Add a remark.
         */
        post: operations["comment_api_v1_alarms__alarm_id__comment_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms/{alarm_id}/shelve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Shelve
         * @description Keep it quiet until a moment, for a reason.
         */
        post: operations["shelve_api_v1_alarms__alarm_id__shelve_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms/{alarm_id}/unshelve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Unshelve
         * @description End the quiet early.
         */
        post: operations["unshelve_api_v1_alarms__alarm_id__unshelve_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alarms/{alarm_id}/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Close
         * @description End the episode, with how it ended.
         */
        post: operations["close_api_v1_alarms__alarm_id__close_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream
         * @description Everything after `Last-Event-ID` or `after`; without either, from now on.
         *
         *     A sequence the journal has not reached counts as now. The stream ends when the session does, or
         *     when the reader falls 1000 events behind; come back with the last id.
         */
        get: operations["stream_api_v1_stream_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stream/shown": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Report Shown
         * @description A console has shown everything up to a sequence. Only the first such report of a sequence is kept.
         */
        post: operations["report_shown_api_v1_stream_shown_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Summary
         * @description One look at everything.
         */
        get: operations["summary_api_v1_summary_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Policy
         * @description The policy in force, as the gateway has it.
         */
        get: operations["policy_api_v1_policy_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/load": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Load Now
         * @description How much the desk has to bear this moment, and which alarms to look after: chattering and stale ones.
         */
        get: operations["load_now_api_v1_load_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/figures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All Figures
         * @description What the alarms of a period come to: how many, how quickly answered and ended, how heavy, how false.
         */
        get: operations["all_figures_api_v1_figures_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/shift/notes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Notes
         * @description Notes written from one moment on and before another.
         */
        get: operations["list_notes_api_v1_shift_notes_get"];
        put?: never;
        /**
         * Add Note
         * @description Write a note. It can be added to, not changed.
         */
        post: operations["add_note_api_v1_shift_notes_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/reports/alarms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Alarms Report
         * @description The alarms that were open at some moment of a period, as they are now; `after_seq` and `limit` page JSON only.
         */
        get: operations["alarms_report_api_v1_reports_alarms_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{device_id}/commands": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Commands
         * @description What was asked of a device lately, newest first.
         */
        get: operations["list_commands_api_v1_devices__device_id__commands_get"];
        put?: never;
        /**
         * Command Device
         * @description Ask something of a device; it is queued until it answers or until `expires_s` are over.
         */
        post: operations["command_device_api_v1_devices__device_id__commands_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{device_id}/track": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Track
         * @description The device's fixes, both ends included; by default the last 24 hours. More than 50,000: 422.
         */
        get: operations["track_api_v1_devices__device_id__track_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{device_id}/track/days": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Track Days
         * @description Of the days of 24 hours from `from_ms` on, those with a fix. The caller knows his midnight.
         */
        get: operations["track_days_api_v1_devices__device_id__track_days_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/residents/{resident_id}/wearings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Wearings
         * @description The bands this person wore, the newest first, at most 1,000.
         */
        get: operations["list_wearings_api_v1_residents__resident_id__wearings_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/residents/{resident_id}/track": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Track Person
         * @description The fixes of whichever band this person wore at each time; by default the last 24 hours.
         *
         *     A fix belongs to who wore the band when it was measured, whenever it arrived. More than 50,000: 422.
         */
        get: operations["track_person_api_v1_residents__resident_id__track_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/residents/{resident_id}/swap_band": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Swap Band
         * @description Put another band on a person: it takes the old one's site, zone, fences and wearer.
         *
         *     Without an old one it goes to the person's site, with the fences of that.
         */
        post: operations["swap_band_api_v1_residents__resident_id__swap_band_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/outings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Outings
         * @description Outings that run at some moment of a span. `running`: those that run now, or those that do not.
         */
        get: operations["list_outings_api_v1_outings_get"];
        put?: never;
        /**
         * Approve
         * @description Approve an outing; 409 if it overlaps another one of the same resident.
         */
        post: operations["approve_api_v1_outings_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/outings/{outing_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get One
         * @description One outing.
         */
        get: operations["get_one_api_v1_outings__outing_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change
         * @description Other times, as long as it is not over; the beginning only before it.
         */
        patch: operations["change_api_v1_outings__outing_id__patch"];
        trace?: never;
    };
    "/api/v1/outings/{outing_id}/end": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End
         * @description End it now, without a grace; one that has not begun is called off.
         */
        post: operations["end_api_v1_outings__outing_id__end_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/roster/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Preview
         * @description What the file in the body would do, row by row. Nothing is written.
         */
        post: operations["preview_api_v1_roster_preview_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/roster/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Import File
         * @description Apply the file in the body, all or nothing: 422 with the rows in error, unless they may be skipped.
         *
         *     With the `fingerprint` of a preview: 409 if it would no longer do what was previewed.
         */
        post: operations["import_file_api_v1_roster_import_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/roster/template": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Template
         * @description An empty table to fill in.
         */
        get: operations["template_api_v1_roster_template_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/fences/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Preview
         * @description What the fence would have raised and avoided, changing nothing. One at a time: else 429.
         */
        post: operations["preview_api_v1_fences_preview_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/map": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Base Map
         * @description What the console draws beneath devices and fences.
         */
        get: operations["base_map_api_v1_map_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/map/archive.pmtiles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Archive
         * @description The archive of `map.file`, whole or by `Range`.
         */
        get: operations["archive_api_v1_map_archive_pmtiles_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/commands/{command_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow Up
         * @description What became of a command that was answered with 202.
         */
        get: operations["follow_up_api_v1_commands__command_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Healthz
         * @description The process lives.
         */
        get: operations["healthz_healthz_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Readyz
         * @description The service works: the store answers, the gateway's pulse is fresh, the broker is connected.
         */
        get: operations["readyz_readyz_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Measured
         * @description Prometheus text; needs a bearer token, as everything does.
         */
        get: operations["measured_metrics_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/asyncapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Asyncapi
         * @description The MQTT side of the contract.
         */
        get: operations["asyncapi_asyncapi_json_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sites": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List All
         * @description In the order of ids. `after_seq` counts from the beginning; `after` is an id, and stays exact under edits.
         */
        get: operations["list_all_api_v1_sites_get"];
        put?: never;
        /**
         * Create
         * @description Add one; 409 if its id is taken.
         */
        post: operations["create_api_v1_sites_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sites/{item_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get One
         * @description One of them.
         */
        get: operations["get_one_api_v1_sites__item_id__get"];
        /**
         * Replace
         * @description Add or replace one; the id may be left out of the body.
         */
        put: operations["replace_api_v1_sites__item_id__put"];
        post?: never;
        /**
         * Remove
         * @description Take one out; 409 while others name it.
         */
        delete: operations["remove_api_v1_sites__item_id__delete"];
        options?: never;
        head?: never;
        /**
         * Change
         * @description Replace the fields that are named; null clears one.
         */
        patch: operations["change_api_v1_sites__item_id__patch"];
        trace?: never;
    };
    "/api/v1/residents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List All
         * @description In the order of ids. `after_seq` counts from the beginning; `after` is an id, and stays exact under edits.
         */
        get: operations["list_all_api_v1_residents_get"];
        put?: never;
        /**
         * Create
         * @description Add one; 409 if its id is taken.
         */
        post: operations["create_api_v1_residents_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/residents/{item_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get One
         * @description One of them.
         */
        get: operations["get_one_api_v1_residents__item_id__get"];
        /**
         * Replace
         * @description Add or replace one; the id may be left out of the body.
         */
        put: operations["replace_api_v1_residents__item_id__put"];
        post?: never;
        /**
         * Remove
         * @description Take one out; 409 while others name it.
         */
        delete: operations["remove_api_v1_residents__item_id__delete"];
        options?: never;
        head?: never;
        /**
         * Change
         * @description Replace the fields that are named; null clears one.
         */
        patch: operations["change_api_v1_residents__item_id__patch"];
        trace?: never;
    };
    "/api/v1/fences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List All
         * @description In the order of ids. `after_seq` counts from the beginning; `after` is an id, and stays exact under edits.
         */
        get: operations["list_all_api_v1_fences_get"];
        put?: never;
        /**
         * Create
         * @description Add one; 409 if its id is taken.
         */
        post: operations["create_api_v1_fences_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/fences/{item_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get One
         * @description One of them.
         */
        get: operations["get_one_api_v1_fences__item_id__get"];
        /**
         * Replace
         * @description Add or replace one; the id may be left out of the body.
         */
        put: operations["replace_api_v1_fences__item_id__put"];
        post?: never;
        /**
         * Remove
         * @description Take one out; 409 while others name it.
         */
        delete: operations["remove_api_v1_fences__item_id__delete"];
        options?: never;
        head?: never;
        /**
         * Change
         * @description Replace the fields that are named; null clears one.
         */
        patch: operations["change_api_v1_fences__item_id__patch"];
        trace?: never;
    };
    "/api/v1/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List All
         * @description In the order of ids. `after_seq` counts from the beginning; `after` is an id, and stays exact under edits.
         */
        get: operations["list_all_api_v1_devices_get"];
        put?: never;
        /**
         * Create
         * @description Add one; 409 if its id is taken.
         */
        post: operations["create_api_v1_devices_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{item_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get One
         * @description One of them.
         */
        get: operations["get_one_api_v1_devices__item_id__get"];
        /**
         * Replace
         * @description Add or replace one; the id may be left out of the body.
         */
        put: operations["replace_api_v1_devices__item_id__put"];
        post?: never;
        /**
         * Remove
         * @description Take one out; 409 while others name it.
         */
        delete: operations["remove_api_v1_devices__item_id__delete"];
        options?: never;
        head?: never;
        /**
         * Change
         * @description Replace the fields that are named; null clears one.
         */
        patch: operations["change_api_v1_devices__item_id__patch"];
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Alarm
         * @description One episode, as of its last transition.
         */
        Alarm: {
            /** Alarm Id */
            alarm_id: string;
            /** Version */
            version: number;
            /** Seq */
            seq: number;
            /**
             * Subject Type
             * @enum {string}
             */
            subject_type: "device" | "site" | "zone";
            /** Subject Id */
            subject_id: string;
            /** Device Id */
            device_id: string | null;
            /** Site Id */
            site_id: string | null;
            /** Resident Id */
            resident_id: string | null;
            /** Kind */
            kind: string;
            /** Fence Id */
            fence_id: string | null;
            /**
             * Priority
             * @enum {string}
             */
            priority: "urgent" | "high" | "low";
            /**
             * State
             * @enum {string}
             */
            state: "normal" | "active_unacknowledged" | "active_acknowledged" | "cleared_unacknowledged";
            /** Shelved */
            shelved: boolean;
            /** Shelved Until Ms */
            shelved_until_ms: number | null;
            /** Suppressed */
            suppressed: boolean;
            /** Out Of Service */
            out_of_service: boolean;
            /** Count */
            count: number;
            /** Assignee */
            assignee: string | null;
            /** Because */
            because: {
                [key: string]: unknown;
            };
            /** Position */
            position: {
                [key: string]: unknown;
            } | null;
            /** Measured At Ms */
            measured_at_ms: number | null;
            /** Received At Ms */
            received_at_ms: number | null;
            /** Raised At Ms */
            raised_at_ms: number;
            /** Committed At Ms */
            committed_at_ms: number;
            /** Shown At Ms */
            shown_at_ms: number | null;
            /** Acknowledged At Ms */
            acknowledged_at_ms: number | null;
            /** Acknowledged By */
            acknowledged_by: string | null;
            /** Cleared At Ms */
            cleared_at_ms: number | null;
            /** Closed At Ms */
            closed_at_ms: number | null;
            /** Outcome */
            outcome: ("real" | "false" | "test" | "other") | null;
        };
        /**
         * AlarmPage
         * @description Alarms in the order of their last transition.
         */
        AlarmPage: {
            /** Items */
            items: components["schemas"]["Alarm"][];
            /** Next After Seq */
            next_after_seq: number | null;
        };
        /**
         * AlarmWithTimeline
         * @description An alarm and what happened to it, oldest first; `timeline_omitted`: how many older events are not shown.
         *
         *     `payload_head`: of an unreadable message its first 200 characters, null once it is no longer kept.
         */
        AlarmWithTimeline: {
            /** Alarm Id */
            alarm_id: string;
            /** Version */
            version: number;
            /** Seq */
            seq: number;
            /**
             * Subject Type
             * @enum {string}
             */
            subject_type: "device" | "site" | "zone";
            /** Subject Id */
            subject_id: string;
            /** Device Id */
            device_id: string | null;
            /** Site Id */
            site_id: string | null;
            /** Resident Id */
            resident_id: string | null;
            /** Kind */
            kind: string;
            /** Fence Id */
            fence_id: string | null;
            /**
             * Priority
             * @enum {string}
             */
            priority: "urgent" | "high" | "low";
            /**
             * State
             * @enum {string}
             */
            state: "normal" | "active_unacknowledged" | "active_acknowledged" | "cleared_unacknowledged";
            /** Shelved */
            shelved: boolean;
            /** Shelved Until Ms */
            shelved_until_ms: number | null;
            /** Suppressed */
            suppressed: boolean;
            /** Out Of Service */
            out_of_service: boolean;
            /** Count */
            count: number;
            /** Assignee */
            assignee: string | null;
            /** Because */
            because: {
                [key: string]: unknown;
            };
            /** Position */
            position: {
                [key: string]: unknown;
            } | null;
            /** Measured At Ms */
            measured_at_ms: number | null;
            /** Received At Ms */
            received_at_ms: number | null;
            /** Raised At Ms */
            raised_at_ms: number;
            /** Committed At Ms */
            committed_at_ms: number;
            /** Shown At Ms */
            shown_at_ms: number | null;
            /** Acknowledged At Ms */
            acknowledged_at_ms: number | null;
            /** Acknowledged By */
            acknowledged_by: string | null;
            /** Cleared At Ms */
            cleared_at_ms: number | null;
            /** Closed At Ms */
            closed_at_ms: number | null;
            /** Outcome */
            outcome: ("real" | "false" | "test" | "other") | null;
            /** Timeline */
            timeline: {
                [key: string]: unknown;
            }[];
            /** Timeline Omitted */
            timeline_omitted: number;
            /** Payload Head */
            payload_head: string | null;
        };
        /**
         * Answering
         * @description From the raise to the first acknowledgement or closing by a person. `histogram`: counts by `answer_steps_s`.
         */
        Answering: {
            /** Raised */
            raised: number;
            /** Answered */
            answered: number;
            /** Waiting */
            waiting: number;
            /** Never */
            never: number;
            /** Unanswered Share */
            unanswered_share: number | null;
            /** P50 Ms */
            p50_ms: number | null;
            /** P95 Ms */
            p95_ms: number | null;
            within_60_s: components["schemas"]["Share"];
            within_180_s: components["schemas"]["Share"];
            /** Histogram */
            histogram: number[];
        };
        /**
         * Assign
         * @description Who takes care of it.
         */
        Assign: {
            /** Version */
            version: number;
            /** Text */
            text?: string | null;
            /** Assignee */
            assignee: string;
        };
        /**
         * BaseMap
         * @description `layers`: tile addresses from the ground up. `archive`: a PMTiles address. `fault`: why there is none.
         */
        BaseMap: {
            /**
             * Source
             * @enum {string}
             */
            source: "none" | "tianditu" | "xyz" | "pmtiles";
            /**
             * Crs
             * @enum {string}
             */
            crs: "wgs84" | "gcj02";
            /** Layers */
            layers: string[][];
            /** Archive */
            archive: string | null;
            /** Max Zoom */
            max_zoom: number;
            /** Attribution */
            attribution: string | null;
            /** Review Number */
            review_number: string | null;
            /** Fault */
            fault: string | null;
        };
        /**
         * Chatterer
         * @description An identity that raised three times or more within ten minutes.
         */
        Chatterer: {
            /** Subject Type */
            subject_type: string;
            /** Subject Id */
            subject_id: string;
            /** Device Id */
            device_id: string | null;
            /** Kind */
            kind: string;
            /** Fence Id */
            fence_id: string | null;
            /** Raises */
            raises: number;
            /** Most In 10 Min */
            most_in_10_min: number;
        };
        /**
         * Chattering
         * @description How many identities chattered, and the worst of them.
         */
        Chattering: {
            /** Identities */
            identities: number;
            /** Worst */
            worst: components["schemas"]["Chatterer"][];
        };
        /**
         * Circle
         * @description A point with a radius in metres.
         */
        Circle: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "Point";
            /**
             * Coordinates
             * @description longitude, latitude (WGS-84)
             */
            coordinates: number[];
            /** Radius M */
            radius_m: number;
        };
        /**
         * Close
         * @description How it ended; urgent kinds also need `text`.
         */
        Close: {
            /** Version */
            version: number;
            /** Text */
            text?: string | null;
            /**
             * Outcome
             * @enum {string}
             */
            outcome: "real" | "false" | "test" | "other";
        };
        /**
         * CommandState
         * @description What became of a command. `code` null: it still waits for the gateway.
         */
        CommandState: {
            /** Command Id */
            command_id: string;
            /**
             * Type
             * @enum {string}
             */
            type: "alarm" | "roster" | "outing" | "device_command";
            /** Created At Ms */
            created_at_ms: number;
            /** Operator */
            operator: string;
            /** Code */
            code: ("done" | "unknown_alarm" | "stale" | "not_allowed" | "invalid") | null;
            /** Detail */
            detail: string;
            /** Alarm Id */
            alarm_id: string | null;
        };
        /**
         * Comment
         * @description A remark.
         */
        Comment: {
            /** Version */
            version: number;
            /** Text */
            text: string;
        };
        /**
         * Contact
         * @description Whom to call.
         */
        Contact: {
            /** Name */
            name?: string | null;
            /** Relation */
            relation?: string | null;
            /** Phone */
            phone?: string | null;
        };
        /**
         * Counts
         * @description How many rows of each action, and how many of them have a warning.
         */
        Counts: {
            /**
             * Add
             * @default 0
             */
            add: number;
            /**
             * Change
             * @default 0
             */
            change: number;
            /**
             * Same
             * @default 0
             */
            same: number;
            /**
             * Error
             * @default 0
             */
            error: number;
            /**
             * Warning
             * @default 0
             */
            warning: number;
        };
        /**
         * Credentials
         * @description What a person types.
         */
        Credentials: {
            /** Username */
            username: string;
            /** Password */
            password: string;
        };
        /**
         * Day
         * @description One day of the city. The shares are those of urgent and high alarms together.
         */
        Day: {
            /** At Ms */
            at_ms: number;
            /** Raised */
            raised: number;
            /** Announced */
            announced: number;
            /** Operator Hours */
            operator_hours: number;
            within_60_s: components["schemas"]["Share"];
            within_180_s: components["schemas"]["Share"];
        };
        /**
         * Device
         * @description A device. `fence_ids` null: the fences of its site; empty: none.
         */
        Device: {
            /** Device Id */
            device_id: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "wristband" | "fire_sensor" | "home_sensor";
            /** Model */
            model?: string | null;
            /** Site Id */
            site_id?: string | null;
            /** Zone */
            zone?: string | null;
            /** Resident Id */
            resident_id?: string | null;
            /** Fence Ids */
            fence_ids?: string[] | null;
        };
        /**
         * DeviceCommand
         * @description A command to a device: queued, sent, then done, failed or expired.
         */
        DeviceCommand: {
            /** Id */
            id: string;
            /** Device Id */
            device_id: string;
            /** Type */
            type: string;
            /** Args */
            args: {
                [key: string]: unknown;
            };
            /** Created At Ms */
            created_at_ms: number;
            /** Expires At Ms */
            expires_at_ms: number;
            /** State */
            state: string;
            /** Detail */
            detail: string;
            /** Changed At Ms */
            changed_at_ms: number;
        };
        /**
         * DeviceCommandPage
         * @description The newest commands of a device, newest first.
         */
        DeviceCommandPage: {
            /** Items */
            items: components["schemas"]["DeviceCommand"][];
            /** Next After Seq */
            next_after_seq?: null;
        };
        /**
         * DeviceCommandRequest
         * @description What a device is asked to do, and for how long that stays wanted.
         */
        DeviceCommandRequest: {
            /**
             * Type
             * @enum {string}
             */
            type: "locate" | "report_every" | "buzz" | "call" | "resend";
            /**
             * Args
             * @default {}
             */
            args: {
                [key: string]: unknown;
            };
            /**
             * Expires S
             * @default 3600
             */
            expires_s: number;
        };
        /**
         * DeviceCounts
         * @description Of one kind of device.
         */
        DeviceCounts: {
            /** Registered */
            registered: number;
            /** Heard In Last Hour */
            heard_in_last_hour: number;
            /** Never Heard */
            never_heard: number;
        };
        /** DeviceReplacement */
        DeviceReplacement: {
            /** Device Id */
            device_id?: string | null;
            /**
             * Kind
             * @enum {string}
             */
            kind: "wristband" | "fire_sensor" | "home_sensor";
            /** Model */
            model?: string | null;
            /** Site Id */
            site_id?: string | null;
            /** Zone */
            zone?: string | null;
            /** Resident Id */
            resident_id?: string | null;
            /** Fence Ids */
            fence_ids?: string[] | null;
        };
        /**
         * DeviceState
         * @description A device with its live state. Not `registered`: known only through an alarm of its own.
         */
        DeviceState: {
            /** Device Id */
            device_id: string;
            /** Kind */
            kind: string;
            /** Model */
            model: string | null;
            /** Site Id */
            site_id: string | null;
            /** Zone */
            zone: string | null;
            /** Resident Id */
            resident_id: string | null;
            /** Fence Ids */
            fence_ids: string[] | null;
            /** Registered */
            registered: boolean;
            /** Last Contact Ms */
            last_contact_ms: number | null;
            position: components["schemas"]["Fix"] | null;
            /** Bat */
            bat: number | null;
        };
        /** DeviceStatePage */
        DeviceStatePage: {
            /** Items */
            items: components["schemas"]["DeviceState"][];
            /** Next After Seq */
            next_after_seq: number | null;
            /** Next After */
            next_after: string | null;
        };
        /**
         * Ending
         * @description From the raise until the episode was over. `rate`: ended of raised.
         */
        Ending: {
            /** Raised */
            raised: number;
            /** Ended */
            ended: number;
            /** Closed By Person */
            closed_by_person: number;
            /** Rate */
            rate: number | null;
            /** P50 Ms */
            p50_ms: number | null;
            /** P95 Ms */
            p95_ms: number | null;
        };
        /**
         * Evidence
         * @description How sure (`raise_p`), how far beyond (`edge_m`) and for how long (`confirm_s`) before the fence raises.
         *
         *     What is missing is the policy's.
         */
        Evidence: {
            /** Raise P */
            raise_p?: number | null;
            /** Edge M */
            edge_m?: number | null;
            /** Confirm S */
            confirm_s?: number | null;
        };
        /**
         * Fence
         * @description An area to stay in, or to keep out of. Without a schedule it is always in force.
         */
        Fence: {
            /** Fence Id */
            fence_id: string;
            /** Name */
            name?: string | null;
            /**
             * Role
             * @default safe
             * @enum {string}
             */
            role: "safe" | "forbidden";
            /** Site Id */
            site_id?: string | null;
            /** Geometry */
            geometry: components["schemas"]["Circle"] | components["schemas"]["Polygon"] | components["schemas"]["MultiPolygon"];
            schedule?: components["schemas"]["Schedule"] | null;
            evidence?: components["schemas"]["Evidence"] | null;
        };
        /** FencePage */
        FencePage: {
            /** Items */
            items: components["schemas"]["Fence"][];
            /** Next After Seq */
            next_after_seq: number | null;
            /** Next After */
            next_after: string | null;
        };
        /**
         * FencePreview
         * @description What would have changed. `covered_from_ms`: where the readings begin; null: there are none.
         */
        FencePreview: {
            /** From Ms */
            from_ms: number;
            /** To Ms */
            to_ms: number;
            /** Covered From Ms */
            covered_from_ms: number | null;
            /**
             * Cut
             * @description There were too many readings; only the newest were used.
             */
            cut: boolean;
            /** Messages */
            messages: number;
            /**
             * Fixes
             * @description Of the messages of the days asked for: how many say where.
             */
            fixes: number;
            /** Devices */
            devices: number;
            /** Bands */
            bands: number;
            /** Raised */
            raised: number;
            /** Avoided */
            avoided: number;
            /** Moved */
            moved: number;
            /** Same */
            same: number;
            /** Before A Day */
            before_a_day: number | null;
            /** After A Day */
            after_a_day: number | null;
            /** Budget A Day */
            budget_a_day: number;
            /** Episodes */
            episodes: components["schemas"]["PreviewEpisode"][];
            /** Episodes Omitted */
            episodes_omitted: number;
        };
        /**
         * FencePreviewRequest
         * @description A fence as it would be put, and the days to try it on: by default the last seven.
         */
        FencePreviewRequest: {
            fence: components["schemas"]["Fence"];
            /** From Ms */
            from_ms?: number | null;
            /** To Ms */
            to_ms?: number | null;
        };
        /** FenceReplacement */
        FenceReplacement: {
            /** Fence Id */
            fence_id?: string | null;
            /** Name */
            name?: string | null;
            /**
             * Role
             * @default safe
             * @enum {string}
             */
            role: "safe" | "forbidden";
            /** Site Id */
            site_id?: string | null;
            /** Geometry */
            geometry: components["schemas"]["Circle"] | components["schemas"]["Polygon"] | components["schemas"]["MultiPolygon"];
            schedule?: components["schemas"]["Schedule"] | null;
            evidence?: components["schemas"]["Evidence"] | null;
        };
        /**
         * Figures
         * @description All figures of a period. `at_ms`: when they were computed; `data_from_ms`: when the journal begins.
         */
        Figures: {
            /** From Ms */
            from_ms: number;
            /** To Ms */
            to_ms: number;
            /** At Ms */
            at_ms: number;
            /** Data From Ms */
            data_from_ms: number | null;
            raised: components["schemas"]["Raised"];
            /** Answer Steps S */
            answer_steps_s: number[];
            /** Answering */
            answering: {
                [key: string]: components["schemas"]["Answering"];
            };
            /** Ending */
            ending: {
                [key: string]: components["schemas"]["Ending"];
            };
            /** Showing */
            showing: {
                [key: string]: components["schemas"]["Showing"];
            };
            load: components["schemas"]["Load"];
            /** Operators */
            operators: components["schemas"]["Worked"][];
            /** Hours */
            hours: components["schemas"]["Hour"][];
            /** Days */
            days: components["schemas"]["Day"][];
            standing: components["schemas"]["Standing"];
            /** Outcomes */
            outcomes: components["schemas"]["Outcomes"][];
            /** Devices */
            devices: components["schemas"]["Noisy"][];
            chattering: components["schemas"]["Chattering"];
        };
        /**
         * Finding
         * @description What is wrong, or odd, about one field. `named`: what the words name, for other languages.
         */
        Finding: {
            /** Field */
            field: string | null;
            /** Code */
            code: string;
            /** Msg */
            msg: string;
            /**
             * Named
             * @default {}
             */
            named: {
                [key: string]: unknown;
            };
        };
        /**
         * Fix
         * @description Where a device was last measured.
         */
        Fix: {
            /** Lat */
            lat: number;
            /** Lon */
            lon: number;
            /** Acc M */
            acc_m: number | null;
            /** Src */
            src: string | null;
            /** Measured At Ms */
            measured_at_ms: number;
            /** Received At Ms */
            received_at_ms: number;
        };
        /**
         * Hour
         * @description One hour: what was raised, by priority; what was announced; who acted.
         */
        Hour: {
            /** At Ms */
            at_ms: number;
            /** Urgent */
            urgent: number;
            /** High */
            high: number;
            /** Low */
            low: number;
            /** Announced */
            announced: number;
            /** Operators */
            operators: number;
        };
        /**
         * ImportRow
         * @description One row. `row`: its number in the sheet, or its place in the list of a JSON roster, from 1.
         *
         *     `changes`: [old, new] of each field that would not be what it is.
         */
        ImportRow: {
            /** Kind */
            kind: string;
            /** Row */
            row: number;
            /**
             * Action
             * @enum {string}
             */
            action: "add" | "change" | "same" | "error";
            /** Id */
            id: string | null;
            /** Name */
            name: string | null;
            /** Changes */
            changes: {
                [key: string]: [
                    unknown,
                    unknown
                ];
            };
            /** Errors */
            errors: components["schemas"]["Finding"][];
            /** Warnings */
            warnings: components["schemas"]["Finding"][];
        };
        /**
         * Imported
         * @description What an import did.
         */
        Imported: {
            counts: components["schemas"]["Counts"];
        };
        /**
         * Load
         * @description Announcements an operator, against ISA-18.2.
         */
        Load: {
            /** Announced */
            announced: number;
            /** Operator Hours */
            operator_hours: number;
            /** Per Operator Hour */
            per_operator_hour: number | null;
            /** Per Operator Day */
            per_operator_day: number | null;
            /** Hours */
            hours: number;
            /** Hours Over 6 */
            hours_over_6: number;
            /** Hours Over 12 */
            hours_over_12: number;
            /** Windows */
            windows: number;
            /** Windows Over 1 */
            windows_over_1: number;
            /** Windows Over 2 */
            windows_over_2: number;
            /** Windows In Flood */
            windows_in_flood: number;
            /** Flood Share */
            flood_share: number | null;
            peak_hour: components["schemas"]["Peak"] | null;
            peak_10_min: components["schemas"]["Peak"] | null;
        };
        /**
         * MultiPolygon
         * @description GeoJSON; polygons that do not overlap.
         */
        MultiPolygon: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "MultiPolygon";
            /** Coordinates */
            coordinates: number[][][][];
        };
        /**
         * NewNote
         * @description What is to be remembered.
         */
        NewNote: {
            /** Text */
            text: string;
        };
        /**
         * NewOuting
         * @description Who may be out. `from_ms` missing or past: from now on. `fence_id`: a safe fence, the destination.
         */
        NewOuting: {
            /** Resident Id */
            resident_id: string;
            /** From Ms */
            from_ms?: number | null;
            /** Until Ms */
            until_ms: number;
            /**
             * Reason
             * @enum {string}
             */
            reason: "family" | "hospital" | "bus" | "activity" | "other";
            /** Escort */
            escort?: string | null;
            /** Note */
            note?: string | null;
            /** Fence Id */
            fence_id?: string | null;
        };
        /**
         * Noisy
         * @description A device and how often it raised.
         */
        Noisy: {
            /** Device Id */
            device_id: string;
            /** Resident Id */
            resident_id: string | null;
            /** Site Id */
            site_id: string | null;
            /** Raised */
            raised: number;
            /** Reraised */
            reraised: number;
            /** False */
            false: number;
        };
        /**
         * Note
         * @description A note as it was written; `seq` rises from note to note.
         */
        Note: {
            /** Seq */
            seq: number;
            /** At Ms */
            at_ms: number;
            /** Operator */
            operator: string;
            /** Text */
            text: string;
        };
        /**
         * NotePage
         * @description Notes in the order they were written.
         */
        NotePage: {
            /** Items */
            items: components["schemas"]["Note"][];
            /** Next After Seq */
            next_after_seq: number | null;
        };
        /**
         * Now
         * @description The load with the lists of those to look after, the worst and the oldest 20.
         */
        Now: {
            /** At Ms */
            at_ms: number;
            /** Seats */
            seats: number;
            /** Last 10 Min */
            last_10_min: number;
            /** Last Hour */
            last_hour: number;
            /** Last Day */
            last_day: number;
            /** By Priority */
            by_priority: {
                [key: string]: number;
            };
            /** Flood */
            flood: boolean;
            /** Flood Since Ms */
            flood_since_ms: number | null;
            /** Operators */
            operators: string[];
            /** Chattering */
            chattering: components["schemas"]["Repeated"][];
            /** Stale */
            stale: components["schemas"]["Stale"][];
            /** Stale Total */
            stale_total: number;
        };
        /**
         * OpenAlarms
         * @description Counts of open alarms. Of no known county: the empty name.
         */
        OpenAlarms: {
            /** Total */
            total: number;
            /** By Priority */
            by_priority: {
                [key: string]: number;
            };
            /** By State */
            by_state: {
                [key: string]: number;
            };
            /** By Kind */
            by_kind: {
                [key: string]: number;
            };
            /** By County */
            by_county: {
                [key: string]: number;
            };
            /** Shelved */
            shelved: number;
            /** Suppressed */
            suppressed: number;
            /** Out Of Service */
            out_of_service: number;
        };
        /**
         * Operator
         * @description A person with an account. `signed_in_at_ms`: when the newest session that still lasts began, null if none does.
         */
        Operator: {
            /** Username */
            username: string;
            /** Role */
            role: string;
            /** Signed In At Ms */
            signed_in_at_ms: number | null;
        };
        /**
         * OperatorList
         * @description Everybody with an account, by name; there are never so many that a second page is needed.
         */
        OperatorList: {
            /** Items */
            items: components["schemas"]["Operator"][];
            /** Next After Seq */
            next_after_seq?: null;
        };
        /**
         * Outcomes
         * @description How the alarms of a kind ended. `false_share`: of those closed with an outcome.
         */
        Outcomes: {
            /** Kind */
            kind: string;
            /** Raised */
            raised: number;
            /** Ended */
            ended: number;
            /** Real */
            real: number;
            /** False */
            false: number;
            /** Test */
            test: number;
            /** Other */
            other: number;
            /** False Share */
            false_share: number | null;
        };
        /**
         * Outing
         * @description An outing as the gateway took it. `ended_at_ms`: a person ended it then, or called it off before it began.
         */
        Outing: {
            /** Outing Id */
            outing_id: string;
            /** Resident Id */
            resident_id: string;
            /** From Ms */
            from_ms: number;
            /** Until Ms */
            until_ms: number;
            /**
             * Reason
             * @enum {string}
             */
            reason: "family" | "hospital" | "bus" | "activity" | "other";
            /** Escort */
            escort: string | null;
            /** Note */
            note: string | null;
            /** Fence Id */
            fence_id: string | null;
            /** Created By */
            created_by: string;
            /** Created At Ms */
            created_at_ms: number;
            /** Ended At Ms */
            ended_at_ms: number | null;
            /** Ended By */
            ended_by: string | null;
            /**
             * State
             * @enum {string}
             */
            state: "planned" | "running" | "over" | "called_off";
        };
        /**
         * OutingPage
         * @description Outings in the order they begin.
         */
        OutingPage: {
            /** Items */
            items: components["schemas"]["Outing"][];
            /** Next After Seq */
            next_after_seq: number | null;
        };
        /**
         * OutingTimes
         * @description Other times; what is not named stays.
         */
        OutingTimes: {
            /** From Ms */
            from_ms?: number | null;
            /** Until Ms */
            until_ms?: number | null;
        };
        /**
         * Peak
         * @description The stretch with the most announcements an operator.
         */
        Peak: {
            /** At Ms */
            at_ms: number;
            /** Announced */
            announced: number;
            /** Operators */
            operators: number;
            /** Per Operator */
            per_operator: number;
        };
        /**
         * Pending
         * @description The gateway has not decided yet; ask for this command later.
         */
        Pending: {
            /** Command Id */
            command_id: string;
        };
        /**
         * PersonPoint
         * @description One fix of a person's track, and the band that measured it.
         */
        PersonPoint: {
            /** Measured At Ms */
            measured_at_ms: number;
            /** Received At Ms */
            received_at_ms: number;
            /** Lat */
            lat: number;
            /** Lon */
            lon: number;
            /** Acc M */
            acc_m: number | null;
            /** Src */
            src: string | null;
            /** Device Id */
            device_id: string;
        };
        /**
         * PersonTrack
         * @description Where a person was, in the order of measurement, by whichever band was worn.
         */
        PersonTrack: {
            /** Resident Id */
            resident_id: string;
            /** Points */
            points: components["schemas"]["PersonPoint"][];
        };
        /**
         * Point
         * @description One fix of a track.
         */
        Point: {
            /** Measured At Ms */
            measured_at_ms: number;
            /** Received At Ms */
            received_at_ms: number;
            /** Lat */
            lat: number;
            /** Lon */
            lon: number;
            /** Acc M */
            acc_m: number | null;
            /** Src */
            src: string | null;
        };
        /**
         * Polygon
         * @description GeoJSON; the first ring is the outside, the others are holes.
         */
        Polygon: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "Polygon";
            /** Coordinates */
            coordinates: number[][][];
        };
        /**
         * Preview
         * @description What an import would do. `fingerprint` stays the same as long as it would do that.
         */
        Preview: {
            counts: components["schemas"]["Counts"];
            /** Rows */
            rows: components["schemas"]["ImportRow"][];
            /** Fingerprint */
            fingerprint: string;
        };
        /**
         * PreviewEpisode
         * @description A crossing, in the changed world, or for what is avoided in today's. `moved_ms`: raised so much later.
         */
        PreviewEpisode: {
            /**
             * Verdict
             * @enum {string}
             */
            verdict: "raised" | "avoided" | "moved" | "same";
            /**
             * Kind
             * @enum {string}
             */
            kind: "fence_left" | "fence_entered";
            /** Device Id */
            device_id: string | null;
            /** Resident Id */
            resident_id: string | null;
            /** Fence Id */
            fence_id: string | null;
            /** Raised At Ms */
            raised_at_ms: number;
            /** Ended At Ms */
            ended_at_ms: number | null;
            /** Moved Ms */
            moved_ms: number | null;
            /** Raises */
            raises: number;
            /** Margin M */
            margin_m: number | null;
            /** Acc M */
            acc_m: number | null;
            /** Src */
            src: string | null;
            /** Position */
            position: {
                [key: string]: unknown;
            } | null;
            /** Because */
            because: {
                [key: string]: unknown;
            };
        };
        /**
         * Raised
         * @description How many episodes began. Of no known county: the empty name.
         */
        Raised: {
            /** Total */
            total: number;
            /** Reraised */
            reraised: number;
            /** Shelved */
            shelved: number;
            /** Undone */
            undone: number;
            /** By Priority */
            by_priority: {
                [key: string]: number;
            };
            /** By Kind */
            by_kind: {
                [key: string]: number;
            };
            /** By County */
            by_county: {
                [key: string]: number;
            };
        };
        /**
         * Repeated
         * @description An identity that was raised three times or more in the last ten minutes.
         */
        Repeated: {
            /** Subject Type */
            subject_type: string;
            /** Subject Id */
            subject_id: string;
            /** Kind */
            kind: string;
            /** Fence Id */
            fence_id: string | null;
            /** Raises */
            raises: number;
        };
        /**
         * ReportPage
         * @description Alarms in the order they were raised.
         */
        ReportPage: {
            /** Items */
            items: components["schemas"]["Reported"][];
            /** Next After Seq */
            next_after_seq: number | null;
        };
        /**
         * Reported
         * @description An alarm as it is now, with names and words. `seq`: of the transition that raised it.
         */
        Reported: {
            /** Alarm Id */
            alarm_id: string;
            /** Seq */
            seq: number;
            /** Kind */
            kind: string;
            /**
             * Priority
             * @enum {string}
             */
            priority: "urgent" | "high" | "low";
            /**
             * State
             * @enum {string}
             */
            state: "normal" | "active_unacknowledged" | "active_acknowledged" | "cleared_unacknowledged";
            /** Count */
            count: number;
            /** Subject Type */
            subject_type: string;
            /** Subject Id */
            subject_id: string;
            /** Device Id */
            device_id: string | null;
            /** Device Kind */
            device_kind: string | null;
            /** Zone */
            zone: string | null;
            /** Resident Id */
            resident_id: string | null;
            /** Resident Name */
            resident_name: string | null;
            /** Room */
            room: string | null;
            /** Site Id */
            site_id: string | null;
            /** Site Name */
            site_name: string | null;
            /** County */
            county: string | null;
            /** Street */
            street: string | null;
            /** Fence Id */
            fence_id: string | null;
            /** Fence Name */
            fence_name: string | null;
            /** Raised At Ms */
            raised_at_ms: number;
            /** Acknowledged At Ms */
            acknowledged_at_ms: number | null;
            /** Acknowledged By */
            acknowledged_by: string | null;
            /** Cleared At Ms */
            cleared_at_ms: number | null;
            /** Closed At Ms */
            closed_at_ms: number | null;
            /** Closed By */
            closed_by: string | null;
            /** Outcome */
            outcome: ("real" | "false" | "test" | "other") | null;
            /** Closing Text */
            closing_text: string | null;
            /** Assignee */
            assignee: string | null;
            /** Last Comment */
            last_comment: string | null;
            /** Last Comment By */
            last_comment_by: string | null;
            /** Shelved */
            shelved: boolean;
            /** Shelved Until Ms */
            shelved_until_ms: number | null;
            /** Shelved By */
            shelved_by: string | null;
            /** Shelve Reason */
            shelve_reason: string | null;
        };
        /**
         * Resident
         * @description A person in care. `birth_date`: the day, or only the year where no more is known.
         */
        Resident: {
            /** Resident Id */
            resident_id: string;
            /** Name */
            name?: string | null;
            /** Site Id */
            site_id?: string | null;
            /** Room */
            room?: string | null;
            /** Care Level */
            care_level?: string | null;
            /** Risk Notes */
            risk_notes?: string | null;
            /** Contacts */
            contacts?: components["schemas"]["Contact"][] | null;
            /** Birth Date */
            birth_date?: string | null;
        };
        /** ResidentPage */
        ResidentPage: {
            /** Items */
            items: components["schemas"]["Resident"][];
            /** Next After Seq */
            next_after_seq: number | null;
            /** Next After */
            next_after: string | null;
        };
        /** ResidentReplacement */
        ResidentReplacement: {
            /** Resident Id */
            resident_id?: string | null;
            /** Name */
            name?: string | null;
            /** Site Id */
            site_id?: string | null;
            /** Room */
            room?: string | null;
            /** Care Level */
            care_level?: string | null;
            /** Risk Notes */
            risk_notes?: string | null;
            /** Contacts */
            contacts?: components["schemas"]["Contact"][] | null;
            /** Birth Date */
            birth_date?: string | null;
        };
        /**
         * Schedule
         * @description The times a fence is in force.
         */
        Schedule: {
            /**
             * Tz
             * @default Asia/Shanghai
             */
            tz: string;
            /** Weekly */
            weekly: components["schemas"]["Window"][];
        };
        /**
         * Session
         * @description Who is logged in. `expires_at_ms` null: a token, which does not expire.
         */
        Session: {
            /** Name */
            name: string;
            /** Role */
            role: string;
            /** Scope */
            scope: unknown;
            /** Expires At Ms */
            expires_at_ms: number | null;
        };
        /**
         * Share
         * @description `met` of `of`; without any there is no share.
         */
        Share: {
            /** Of */
            of: number;
            /** Met */
            met: number;
            /** Share */
            share: number | null;
        };
        /**
         * Shelve
         * @description Quiet until then, for this reason.
         */
        Shelve: {
            /** Version */
            version: number;
            /** Text */
            text?: string | null;
            /** Until Ms */
            until_ms: number;
            /** Reason */
            reason: string;
        };
        /**
         * Showing
         * @description From the commit of the raise until a console reported it as shown.
         */
        Showing: {
            /** Raised */
            raised: number;
            /** Shown */
            shown: number;
            /** P50 Ms */
            p50_ms: number | null;
            /** P95 Ms */
            p95_ms: number | null;
            within_10_s: components["schemas"]["Share"];
        };
        /**
         * Shown
         * @description The last journal sequence that a person can now see.
         */
        Shown: {
            /** Seq */
            seq: number;
        };
        /**
         * Site
         * @description A place of care. `street_phone`: of the office of its street or town.
         */
        Site: {
            /** Site Id */
            site_id: string;
            /** Name */
            name?: string | null;
            /**
             * Kind
             * @enum {string}
             */
            kind: "nursing_home" | "day_care" | "happiness_home" | "home" | "canteen";
            /** Lat */
            lat: number;
            /** Lon */
            lon: number;
            /** County */
            county?: string | null;
            /** Street */
            street?: string | null;
            /** Phone */
            phone?: string | null;
            /** Street Phone */
            street_phone?: string | null;
        };
        /** SitePage */
        SitePage: {
            /** Items */
            items: components["schemas"]["Site"][];
            /** Next After Seq */
            next_after_seq: number | null;
            /** Next After */
            next_after: string | null;
        };
        /** SiteReplacement */
        SiteReplacement: {
            /** Site Id */
            site_id?: string | null;
            /** Name */
            name?: string | null;
            /**
             * Kind
             * @enum {string}
             */
            kind: "nursing_home" | "day_care" | "happiness_home" | "home" | "canteen";
            /** Lat */
            lat: number;
            /** Lon */
            lon: number;
            /** County */
            county?: string | null;
            /** Street */
            street?: string | null;
            /** Phone */
            phone?: string | null;
            /** Street Phone */
            street_phone?: string | null;
        };
        /**
         * Stale
         * @description Open for more than 24 hours.
         */
        Stale: {
            /** Alarm Id */
            alarm_id: string;
            /** Kind */
            kind: string;
            /** Subject Type */
            subject_type: string;
            /** Subject Id */
            subject_id: string;
            /** Site Id */
            site_id: string | null;
            /** Raised At Ms */
            raised_at_ms: number;
        };
        /**
         * Standing
         * @description What was open at the end of the period, or is now if it has not ended.
         */
        Standing: {
            /** At Ms */
            at_ms: number;
            /** Open */
            open: number;
            /** Stale */
            stale: number;
            /** Oldest Raised At Ms */
            oldest_raised_at_ms: number | null;
        };
        /**
         * Summary
         * @description One look at everything. `gateway` is its last pulse, null if it never gave one.
         */
        Summary: {
            /** At Ms */
            at_ms: number;
            /** Last Seq */
            last_seq: number;
            alarms: components["schemas"]["OpenAlarms"];
            /** Devices */
            devices: {
                [key: string]: components["schemas"]["DeviceCounts"];
            };
            /** Gateway */
            gateway: {
                [key: string]: unknown;
            } | null;
            /** Gateway Age Ms */
            gateway_age_ms: number | null;
        };
        /**
         * Swap
         * @description Which band comes off, and which is put on in its place. `old_device_id` null: the person wears none.
         */
        Swap: {
            /** Old Device Id */
            old_device_id?: string | null;
            /** New Device Id */
            new_device_id: string;
        };
        /**
         * Swapped
         * @description Both bands as they are now. `open_alarms`: of the old band; they stay open, and this person's.
         */
        Swapped: {
            /** Resident Id */
            resident_id: string;
            old_device: components["schemas"]["DeviceState"] | null;
            new_device: components["schemas"]["DeviceState"];
            /** Open Alarms */
            open_alarms: string[];
        };
        /**
         * Track
         * @description Where a device was, in the order of measurement.
         */
        Track: {
            /** Device Id */
            device_id: string;
            /** Points */
            points: components["schemas"]["Point"][];
        };
        /**
         * TrackDays
         * @description When those days begin that have a fix, in order.
         */
        TrackDays: {
            /** Device Id */
            device_id: string;
            /** Days Ms */
            days_ms: number[];
        };
        /**
         * Verb
         * @description What every verb needs: the version of the alarm that the operator was looking at.
         */
        Verb: {
            /** Version */
            version: number;
            /** Text */
            text?: string | null;
        };
        /**
         * Wearing
         * @description Who wore a wristband from when until before when.
         *
         *     `from_ms` 0: since before this was kept. `to_ms` null: now.
         */
        Wearing: {
            /** Device Id */
            device_id: string;
            /** From Ms */
            from_ms: number;
            /** To Ms */
            to_ms: number | null;
        };
        /**
         * WearingPage
         * @description The bands of a person, the newest first.
         */
        WearingPage: {
            /** Items */
            items: components["schemas"]["Wearing"][];
            /** Next After Seq */
            next_after_seq?: null;
        };
        /**
         * Window
         * @description From one time of day to another on these days (Monday is 1). It may cross midnight; equal is all day.
         */
        Window: {
            /**
             * Days
             * @default [
             *       1,
             *       2,
             *       3,
             *       4,
             *       5,
             *       6,
             *       7
             *     ]
             */
            days: number[];
            /**
             * From
             * @example 19:00
             */
            from: string;
            /**
             * To
             * @example 19:00
             */
            to: string;
        };
        /**
         * Worked
         * @description What a person did in the period.
         */
        Worked: {
            /** Operator */
            operator: string;
            /** Acknowledged */
            acknowledged: number;
            /** Closed */
            closed: number;
            /** Acts */
            acts: number;
        };
        /**
         * Problem
         * @description RFC 9457 problem details; some problems carry more.
         */
        Problem: {
            /** Type */
            type: string;
            /** Title */
            title: string;
            /** Status */
            status: number;
            /** Detail */
            detail: string;
        } & {
            [key: string]: unknown;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    who_am_i_api_v1_session_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    log_in_api_v1_session_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Credentials"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    log_out_api_v1_session_delete: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_operators_api_v1_operators_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperatorList"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_alarms_api_v1_alarms_get: {
        parameters: {
            query?: {
                state?: "open" | "all";
                kind?: ("sos" | "fall" | "smoke" | "heat" | "co" | "gas" | "manual_call" | "fence_left" | "fence_entered" | "fire_confirmed" | "strap_off" | "electrical" | "water_flow" | "water_pressure_low" | "no_motion" | "water_leak" | "site_contact_lost" | "position_lost" | "unreadable" | "tamper" | "low_battery" | "not_worn" | "contact_lost" | "data_gap" | "fault") | null;
                priority?: ("urgent" | "high" | "low") | null;
                site_id?: string | null;
                county?: string | null;
                device_id?: string | null;
                resident_id?: string | null;
                raised_from_ms?: number;
                after_seq?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlarmPage"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    one_alarm_api_v1_alarms__alarm_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                alarm_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlarmWithTimeline"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    acknowledge_api_v1_alarms__alarm_id__acknowledge_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                alarm_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Verb"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alarm"];
                };
            };
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    unacknowledge_api_v1_alarms__alarm_id__unacknowledge_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                alarm_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Verb"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alarm"];
                };
            };
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    assign_api_v1_alarms__alarm_id__assign_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                alarm_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Assign"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alarm"];
                };
            };
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    comment_api_v1_alarms__alarm_id__comment_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                alarm_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Comment"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alarm"];
                };
            };
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    shelve_api_v1_alarms__alarm_id__shelve_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                alarm_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Shelve"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alarm"];
                };
            };
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    unshelve_api_v1_alarms__alarm_id__unshelve_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                alarm_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Verb"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alarm"];
                };
            };
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    close_api_v1_alarms__alarm_id__close_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                alarm_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Close"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alarm"];
                };
            };
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stream_api_v1_stream_get: {
        parameters: {
            query?: {
                after?: number | null;
                positions?: boolean;
            };
            header?: {
                "last-event-id"?: number | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Server-sent events: `transition` (id = journal sequence), `positions`, `pulse` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    report_shown_api_v1_stream_shown_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Shown"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    summary_api_v1_summary_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Summary"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    policy_api_v1_policy_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    load_now_api_v1_load_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Now"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    all_figures_api_v1_figures_get: {
        parameters: {
            query: {
                county?: string | null;
                site_id?: string | null;
                from_ms: number;
                to_ms: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Figures"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_notes_api_v1_shift_notes_get: {
        parameters: {
            query?: {
                from_ms?: number;
                to_ms?: number;
                after_seq?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotePage"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    add_note_api_v1_shift_notes_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewNote"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Note"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    alarms_report_api_v1_reports_alarms_get: {
        parameters: {
            query: {
                format?: "json" | "csv" | "xlsx";
                lang?: "zh" | "en";
                kind?: ("sos" | "fall" | "smoke" | "heat" | "co" | "gas" | "manual_call" | "fence_left" | "fence_entered" | "fire_confirmed" | "strap_off" | "electrical" | "water_flow" | "water_pressure_low" | "no_motion" | "water_leak" | "site_contact_lost" | "position_lost" | "unreadable" | "tamper" | "low_battery" | "not_worn" | "contact_lost" | "data_gap" | "fault") | null;
                priority?: ("urgent" | "high" | "low") | null;
                county?: string | null;
                site_id?: string | null;
                after_seq?: number;
                limit?: number;
                from_ms: number;
                to_ms: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReportPage"];
                    "text/csv; charset=utf-8": string;
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": string;
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_commands_api_v1_devices__device_id__commands_get: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path: {
                device_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeviceCommandPage"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    command_device_api_v1_devices__device_id__commands_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                device_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeviceCommandRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeviceCommand"];
                };
            };
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    track_api_v1_devices__device_id__track_get: {
        parameters: {
            query?: {
                from_ms?: number | null;
                to_ms?: number | null;
            };
            header?: never;
            path: {
                device_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Track"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    track_days_api_v1_devices__device_id__track_days_get: {
        parameters: {
            query: {
                from_ms: number;
                days?: number;
            };
            header?: never;
            path: {
                device_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrackDays"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_wearings_api_v1_residents__resident_id__wearings_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                resident_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WearingPage"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    track_person_api_v1_residents__resident_id__track_get: {
        parameters: {
            query?: {
                from_ms?: number | null;
                to_ms?: number | null;
            };
            header?: never;
            path: {
                resident_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PersonTrack"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    swap_band_api_v1_residents__resident_id__swap_band_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                resident_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Swap"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Swapped"];
                };
            };
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_outings_api_v1_outings_get: {
        parameters: {
            query?: {
                resident_id?: string | null;
                running?: boolean | null;
                from_ms?: number;
                to_ms?: number;
                after_seq?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OutingPage"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    approve_api_v1_outings_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewOuting"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Outing"];
                };
            };
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_one_api_v1_outings__outing_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                outing_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Outing"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_api_v1_outings__outing_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                outing_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OutingTimes"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Outing"];
                };
            };
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    end_api_v1_outings__outing_id__end_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                outing_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Outing"];
                };
            };
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    preview_api_v1_roster_preview_post: {
        parameters: {
            query?: {
                /** @description of a CSV or XLSX file; a JSON roster says it itself */
                kind?: ("sites" | "residents" | "devices" | "fences") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
                "text/csv": string;
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": string;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Preview"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    import_file_api_v1_roster_import_post: {
        parameters: {
            query?: {
                /** @description of a CSV or XLSX file; a JSON roster says it itself */
                kind?: ("sites" | "residents" | "devices" | "fences") | null;
                skip_errors?: boolean;
                fingerprint?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
                "text/csv": string;
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": string;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Imported"];
                };
            };
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    template_api_v1_roster_template_get: {
        parameters: {
            query: {
                kind: "sites" | "residents" | "devices" | "fences";
                format?: "csv" | "xlsx";
                lang?: "zh" | "en";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    preview_api_v1_fences_preview_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FencePreviewRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FencePreview"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    base_map_api_v1_map_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BaseMap"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    archive_api_v1_map_archive_pmtiles_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.pmtiles": unknown;
                };
            };
            /** @description The bytes of `Range`. */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    follow_up_api_v1_commands__command_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                command_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandState"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    healthz_healthz_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: string;
                    };
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readyz_readyz_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: string;
                    };
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    measured_metrics_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                    "text/plain": string;
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    asyncapi_asyncapi_json_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
        };
    };
    list_all_api_v1_sites_get: {
        parameters: {
            query?: {
                q?: string | null;
                site_id?: string | null;
                county?: string | null;
                after?: string | null;
                after_seq?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SitePage"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_api_v1_sites_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Site"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Site"];
                };
            };
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_one_api_v1_sites__item_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Site"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replace_api_v1_sites__item_id__put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SiteReplacement"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Site"];
                };
            };
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_api_v1_sites__item_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_api_v1_sites__item_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    [key: string]: unknown;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Site"];
                };
            };
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_all_api_v1_residents_get: {
        parameters: {
            query?: {
                q?: string | null;
                site_id?: string | null;
                county?: string | null;
                after?: string | null;
                after_seq?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResidentPage"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_api_v1_residents_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Resident"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Resident"];
                };
            };
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_one_api_v1_residents__item_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Resident"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replace_api_v1_residents__item_id__put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResidentReplacement"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Resident"];
                };
            };
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_api_v1_residents__item_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_api_v1_residents__item_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    [key: string]: unknown;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Resident"];
                };
            };
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_all_api_v1_fences_get: {
        parameters: {
            query?: {
                q?: string | null;
                site_id?: string | null;
                county?: string | null;
                after?: string | null;
                after_seq?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FencePage"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_api_v1_fences_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Fence"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Fence"];
                };
            };
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_one_api_v1_fences__item_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Fence"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replace_api_v1_fences__item_id__put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FenceReplacement"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Fence"];
                };
            };
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_api_v1_fences__item_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_api_v1_fences__item_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    [key: string]: unknown;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Fence"];
                };
            };
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_all_api_v1_devices_get: {
        parameters: {
            query?: {
                q?: string | null;
                site_id?: string | null;
                county?: string | null;
                after?: string | null;
                after_seq?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeviceStatePage"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_api_v1_devices_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Device"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeviceState"];
                };
            };
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_one_api_v1_devices__item_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeviceState"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replace_api_v1_devices__item_id__put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeviceReplacement"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeviceState"];
                };
            };
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_api_v1_devices__item_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_api_v1_devices__item_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                item_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    [key: string]: unknown;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeviceState"];
                };
            };
            /** @description The gateway has not decided within 2 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pending"];
                };
            };
            /** @description Problem details */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
