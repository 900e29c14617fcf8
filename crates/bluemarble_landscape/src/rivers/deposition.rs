//! [`Deposition`]: what rivers have cut is carried down and comes to rest.

use serde::{Deserialize, Serialize};

use crate::{flow::Flow, grid::Grid};

/// How what rivers carry comes to rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Deposition {
    /// How readily it settles on the way, without a unit: a river leaves `settling * load / drainage area` a year, load in
    /// m³ a year, and is steeper by a factor of `1 + settling` than one that leaves nothing (Davy and Lague 2009, doi
    /// 10.1029/2008JF001146; Yuan and others 2019, doi 10.1029/2018JF004867). 0 for rivers that carry all of it to the next
    /// lake.
    pub settling: f64,
}

/// Where rock went that was cut in a time step, in m³.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Transport {
    /// Cut out of the ground.
    pub cut_m3: f64,
    /// Come to rest on the way: in lakes, or as rivers settle.
    pub settled_m3: f64,
    /// Carried out through the outlets.
    pub exported_m3: f64,
}

impl Deposition {
    /// Carries down what was cut since the ground was as in `before_m`, and lets it settle: lakes are filled, no higher
    /// than they stand. `sediment_m`, how thick sediment lies on the rock, follows: what was cut is taken from it first.
    ///
    /// `flow` and `areas_m2` are those with which it was cut. What is cut, settles and leaves adds up, but for rounding.
    ///
    /// # Panics
    /// If a slice has not one number for each node.
    pub fn carry(
        &self,
        grid: &impl Grid,
        flow: &Flow,
        areas_m2: &[f64],
        before_m: &[f64],
        ground_m: &mut [f64],
        sediment_m: &mut [f64],
    ) -> Transport {
        let lengths = [areas_m2.len(), before_m.len(), ground_m.len(), sediment_m.len()];
        assert_eq!(lengths, [flow.len(); 4]);
        let mut transport = Transport::default();
        let mut loads_m3 = vec![0.0; flow.len()];
        for &node in flow.downstream() {
            let node = node as usize;
            let (receiver, area_m2) = (flow.receivers()[node] as usize, grid.area_m2(node));
            let cut_m = before_m[node] - ground_m[node];
            transport.cut_m3 += cut_m * area_m2;
            sediment_m[node] = (sediment_m[node] - cut_m).max(0.0);
            let load_m3 = loads_m3[node] + cut_m * area_m2;
            if receiver == node {
                transport.exported_m3 += load_m3;
                continue;
            }
            let water_m = flow.water_m()[node];
            let settled_m3 = if water_m > before_m[node] {
                load_m3.min((water_m - ground_m[node]) * area_m2)
            } else {
                // So much of what goes on: a part of what there is.
                let part = self.settling * area_m2 / areas_m2[node];
                load_m3 * part / (1.0 + part)
            };
            transport.settled_m3 += settled_m3;
            ground_m[node] += settled_m3 / area_m2;
            sediment_m[node] += settled_m3 / area_m2;
            loads_m3[receiver] += load_m3 - settled_m3;
        }
        transport
    }
}
